/** A containerd of the test's own: root, state and socket in a temporary folder, gone afterwards. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface PrivateContainerd {
  readonly folder: string;
  readonly socketPath: string;
  readonly log: () => string;
  /** SIGKILL and start again on the same folders. */
  restart(): Promise<void>;
  /** `ctr -n tessera ...`, its output. */
  ctr(...args: readonly string[]): string;
  stop(): Promise<void>;
}

const deadlineMs = 20_000;

/** Why this machine cannot run it, or undefined. */
export function whyNoContainerd(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (spawnSync('containerd', ['--version']).status !== 0) return 'needs containerd';
  return undefined;
}

export async function startContainerd(): Promise<PrivateContainerd> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-ctd-'));
  const socketPath = join(folder, 'c.sock');
  const logPath = join(folder, 'containerd.log');
  mkdirSync(join(folder, 'state'));
  const config = join(folder, 'config.toml');
  writeFileSync(
    config,
    [
      'version = 2',
      `root = "${join(folder, 'root')}"`,
      `state = "${join(folder, 'state')}"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",',
      '  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",',
      '  "io.containerd.snapshotter.v1.aufs"]',
      '[grpc]',
      `  address = "${socketPath}"`,
      '',
    ].join('\n'),
  );
  const launch = () => {
    const out = openSync(logPath, 'a');
    return spawn('containerd', ['--config', config], { stdio: ['ignore', out, out] });
  };
  let child = launch();
  const ctr = (...args: readonly string[]): string => {
    const done = spawnSync('ctr', ['-a', socketPath, '-n', 'tessera', ...args], {
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`ctr ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  };
  const ready = async (): Promise<void> => {
    const end = performance.now() + deadlineMs;
    while (
      !(existsSync(socketPath) && spawnSync('ctr', ['-a', socketPath, 'version']).status === 0)
    ) {
      if (performance.now() > end) throw new Error(`containerd: ${readFileSync(logPath, 'utf8')}`);
      await wait(50);
    }
  };
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  await ready();
  return {
    folder,
    socketPath,
    log: () => readFileSync(logPath, 'utf8'),
    ctr,
    async restart() {
      await kill();
      rmSync(socketPath, { force: true });
      child = launch();
      await ready();
    },
    async stop() {
      for (const id of ctr('tasks', 'ls', '-q').split('\n').filter(Boolean))
        spawnSync('ctr', ['-a', socketPath, '-n', 'tessera', 'tasks', 'rm', '-f', id]);
      await kill();
      spawnSync('sh', [
        '-c',
        `grep -o '${folder}[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`,
      ]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
