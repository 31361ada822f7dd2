/**
 * The containerd adapter against a containerd of its own: the contract, then what only it can show.
 * A new agent sweeps away whatever it did not make itself, so tests that start one beside the common
 * one are serial: they have the containerd for themselves.
 */
import test from 'ava';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ClusterError } from '#lib';
import type { ErrorCode } from '#lib';
import { RegistryAuth, Resources } from '#proto';
import type { ContainerState } from '#agent';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { cutStart } from '#test/_support/cut-start';
import {
  commonAgent,
  linesOf,
  noAbort,
  OwnRuntime,
  runToEnd,
  shellPlan,
  stateOf,
} from '#test/_support/own-runtime';
import { poll } from '#test/_support/poll';
import { whyNoContainerd } from '#test/_support/private-containerd';
import { startRegistry, whyNoRegistry } from '#test/_support/real-registry';
import { runtimeContract } from '#test/_support/runtime-contract';
import { busyboxImage } from '../../scripts/busybox-image.ts';
import { buildImage, ociArchive } from '../../scripts/image-archive.ts';

const missing = whyNoContainerd() ?? whyNoRegistry();

if (missing !== undefined)
  test('this machine can run containers', (t) => {
    t.fail(`the containerd adapter cannot be tested: this ${missing}`);
  });
else if (runsInOwnNamespaces(test, import.meta.url)) {
  const { opened, agentOpened } = commonAgent(test);

  runtimeContract(test, async () => ({
    runtime: (await agentOpened).runtime,
    image: 'busybox:latest',
    networkNamespacePath: '',
  }));

  test('a container is confined as Docker confines by default', async (t) => {
    const script = [
      'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status | tr -s "\\t " " "',
      'mount -t tmpfs none /mnt 2>&1 | grep -o "Operation not permitted\\|permission denied" | head -n 1',
      'unshare -n true 2>&1 | grep -o "Operation not permitted"',
      'cat /proc/kcore 2>/dev/null | wc -c',
      'echo 1 2>/dev/null > /proc/sys/kernel/hostname || echo sys is read-only',
      'ls /proc/acpi | wc -l',
      'hostname; id -u; ls /dev | wc -l | sed "s/.*/has devices/"; echo $$',
    ].join('; ');
    const { lines, exitCode } = await runToEnd(await agentOpened, shellPlan(script));
    t.is(exitCode, 0);
    t.true(lines.includes('CapEff: 00000000a80425fb'), lines.join('\n'));
    t.true(lines.includes('CapBnd: 00000000a80425fb'));
    t.true(lines.includes('NoNewPrivs: 1'));
    t.true(lines.includes('Seccomp: 2'));
    t.true(lines.includes('sys is read-only'));
    t.is(lines.filter((line) => line === 'Operation not permitted').length, 1, lines.join('\n'));
    t.deepEqual(lines.slice(-4), ['box', '0', 'has devices', '1']);
  });

  test('users and groups come from the image', async (t) => {
    const agent = await agentOpened;
    const plan = shellPlan('id; echo $HOME', { user: 'app', groups: ['nogroup'] });
    const { lines } = await runToEnd(agent, plan);
    t.regex(
      lines[0] ?? '',
      /^uid=1000\(app\) gid=1000\(app\) groups=1001\(extra\),65534\(nogroup\)/,
    );
    const numeric = await runToEnd(agent, shellPlan('id -u; id -g', { user: '7:8' }));
    t.deepEqual(numeric.lines, ['7', '8']);
    const error = await t.throwsAsync(
      agent.runtime.create(shellPlan('true', { user: 'nobody-here' }), noAbort),
      { instanceOf: ClusterError },
    );
    t.is(error?.code, 'INVALID_SPEC');
    t.regex(error?.message ?? '', /unable to find user nobody-here/);
  });

  test('limits are set in the cgroup', async (t) => {
    const limits = Resources.create({ cpuNano: 500_000_000, memoryBytes: 64 << 20, pids: 20 });
    const agent = await agentOpened;
    const plan = shellPlan('sleep 1000', { limits });
    await agent.runtime.create(plan, noAbort);
    await agent.runtime.start(plan.id, noAbort);
    const group = join((await opened).cgroupParent, plan.id);
    const read = (v1: string, v2: string): string => {
      const first = join('/sys/fs/cgroup', v1.replace('/', `${group}/`));
      const path = existsSync(first) ? first : join('/sys/fs/cgroup', group, v2);
      return readFileSync(path, 'utf8').trim();
    };
    t.is(read('memory/memory.limit_in_bytes', 'memory.max'), String(64 << 20));
    t.is(read('pids/pids.max', 'pids.max'), '20');
    t.regex(read('cpu/cpu.cfs_quota_us', 'cpu.max'), /^50000/);
    await agent.runtime.remove(plan.id, noAbort);
    const script =
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null';
    const { lines } = await runToEnd(agent, shellPlan(script, { limits }));
    t.deepEqual(lines, [String(64 << 20)], 'the container sees its own limit');
  });

  test('a container that uses more memory than its limit is killed', async (t) => {
    const limits = Resources.create({ memoryBytes: 16 << 20 });
    const script = 'a=x; while :; do a=$a$a; done';
    const { exitCode } = await runToEnd(await agentOpened, shellPlan(script, { limits }));
    t.is(exitCode, 137);
  });

  test('mounts are there, read-only ones too, and the root can be read-only', async (t) => {
    const source = join((await opened).containerd.folder, 'bind');
    mkdirSync(source);
    writeFileSync(join(source, 'in'), 'from the host\n');
    const mount = { source, isReadOnly: false, sizeBytes: 0, mode: 0 } as const;
    const plan = shellPlan(
      'cat /a/in; echo x > /a/out; echo y 2>/dev/null > /b/no || echo /b is read-only; ' +
        'echo z 2>/dev/null > /no || echo / is read-only; stat -c %a /c; df -k /c | tail -n 1 | tr -s " " | cut -d" " -f2',
      {
        isRootReadOnly: true,
        mounts: [
          { ...mount, kind: 'bind', target: '/a' },
          { ...mount, kind: 'bind', target: '/b', isReadOnly: true },
          { ...mount, kind: 'tmpfs', target: '/c', sizeBytes: 1 << 20, mode: 0o700 },
        ],
      },
    );
    const { lines } = await runToEnd(await agentOpened, plan);
    t.deepEqual(lines, ['from the host', '/b is read-only', '/ is read-only', '700', '1024']);
    t.is(readFileSync(join(source, 'out'), 'utf8'), 'x\n');
  });

  test('containers of one task share a shim, and one may end before the other', async (t) => {
    const agent = await agentOpened;
    const taskId = `shared${process.pid}`;
    const first = shellPlan('sleep 1000', { taskId, containerName: 'init' });
    const second = shellPlan('sleep 1000', { taskId, containerName: 'main' });
    const pids: number[] = [];
    for (const plan of [first, second]) {
      await agent.runtime.create(plan, noAbort);
      pids.push((await agent.runtime.start(plan.id, noAbort)).pid);
    }
    const parents = pids.map(
      (pid) => /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
    );
    t.is(parents[0], parents[1]);
    await agent.runtime.remove(first.id, noAbort);
    t.is((await stateOf(agent, second.id))?.pid, pids[1]);
    await agent.runtime.remove(second.id, noAbort);
    t.is(await stateOf(agent, second.id), undefined);
  });

  test('a terminal is one for the container, and its output is logged', async (t) => {
    const { lines } = await runToEnd(
      await agentOpened,
      shellPlan('tty; echo $TERM', { tty: true }),
    );
    t.deepEqual(lines, ['/dev/pts/0', 'xterm']);
  });

  test.serial(
    'a new agent finds the containers with the same pids, and hears of exits it missed',
    async (t) => {
      const own = await opened;
      const before = await own.agent();
      const stays = shellPlan('sleep 1000', { labels: { a: 'b' } });
      const ends = shellPlan('echo last words; exit 4');
      await before.runtime.create(stays, noAbort);
      const { pid } = await before.runtime.start(stays.id, noAbort);
      await before.runtime.create(ends, noAbort);
      await before.runtime.start(ends.id, noAbort);
      await before.stop();
      const after = await own.agent();
      const exits: ContainerState[] = [];
      const end = after.runtime.onExit((state) => exits.push(state));
      const missed = await poll('the missed exit', () => exits.find((one) => one.id === ends.id));
      t.is(missed.exitCode, 4);
      const found = await stateOf(after, stays.id);
      t.is(found?.pid, pid);
      t.deepEqual(found?.labels, { a: 'b' });
      t.deepEqual(await linesOf(after, ends.id), ['last words']);
      end();
      for (const plan of [stays, ends]) await after.runtime.remove(plan.id, noAbort);
    },
  );

  test.serial('a start that its agent did not survive is made again by the next one', async (t) => {
    const own = await opened;
    const plan = shellPlan('sleep 1000');
    const { after, exits, end } = await poll('a start that is cut', () => cutStart(own, plan));
    t.is((await stateOf(after, plan.id))?.phase, 'lost');
    await after.runtime.remove(plan.id, noAbort);
    await after.runtime.create(plan, noAbort);
    const { pid } = await poll('the start', async () => {
      try {
        return await after.runtime.start(plan.id, noAbort);
      } catch (error) {
        if (error instanceof ClusterError && error.code === 'IN_USE') return undefined;
        throw error;
      }
    });
    // One that ends, so that what was told before it has been heard.
    const last = shellPlan('exit 3');
    await after.runtime.create(last, noAbort);
    await after.runtime.start(last.id, noAbort);
    await poll('the last exit', () => exits.some(({ id }) => id === last.id));
    t.deepEqual(
      exits.filter(({ id, phase }) => id === plan.id && phase === 'exited'),
      [],
      'the end of the first start is not that of the second',
    );
    t.is((await stateOf(after, plan.id))?.pid, pid);
    end();
    for (const { id } of [plan, last]) await after.runtime.remove(id, noAbort);
  });

  test.serial('a file system that a killed agent prepared is swept away', async (t) => {
    const own = await opened;
    own.containerd.ctr('snapshots', 'prepare', 'half-done.main');
    own.containerd.ctr('snapshots', 'label', 'half-done.main', 'containerd.io/gc.root=container');
    t.regex(own.containerd.ctr('snapshots', 'ls'), /half-done/);
    await own.agent();
    t.notRegex(own.containerd.ctr('snapshots', 'ls'), /half-done/);
  });

  test('logs are followed to the end, by stream and with a tail', async (t) => {
    const agent = await agentOpened;
    const end = agent.runtime.onExit(() => undefined);
    const plan = shellPlan(
      'for i in 1 2 3 4 5; do echo $i; echo e$i >&2; sleep 0.1; done; printf open',
    );
    await agent.runtime.create(plan, noAbort);
    await agent.runtime.start(plan.id, noAbort);
    const lines = await linesOf(agent, plan.id, { follow: true });
    t.deepEqual(
      lines.filter((line) => !line.startsWith('!')),
      ['1', '2', '3', '4', '5', 'open'],
    );
    t.deepEqual(
      lines.filter((line) => line.startsWith('!')),
      ['!e1', '!e2', '!e3', '!e4', '!e5'],
    );
    t.is((await linesOf(agent, plan.id, { tail: 3 })).length, 3);
    t.true((await linesOf(agent, plan.id, { tail: 3 })).includes('open'));
    t.deepEqual(await linesOf(agent, plan.id, { sinceMs: Date.now() + 60_000 }), []);
    end();
    await agent.runtime.remove(plan.id, noAbort);
  });

  test.serial('a log stays within its bound, and what is left of it is whole', async (t) => {
    const own = await opened;
    const bound = 3 << 20;
    const agent = await own.agent({
      dataDir: join(own.containerd.folder, 'small'),
      logBytesMax: bound,
    });
    const plan = shellPlan(
      'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo "line $i 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; done',
    );
    await agent.runtime.create(plan, noAbort);
    await agent.runtime.start(plan.id, noAbort);
    await poll('the end', async () => (await stateOf(agent, plan.id))?.phase === 'exited');
    const size = await poll('a shorter log', () => {
      const { blocks } = statSync(join(own.containerd.folder, 'small/logs', `${plan.id}.out`));
      return blocks * 512 <= bound && blocks * 512;
    });
    t.true(size > 0);
    const lines = await linesOf(agent, plan.id);
    t.is(lines.at(-1)?.split(' ')[1], '60000');
    const numbers = lines.map((line) => Number(/^line (\d+) \d{100}$/.exec(line)?.[1]));
    t.true(numbers.length > 5_000);
    t.true(numbers.every((number, i) => i === 0 || number === (numbers[i - 1] ?? 0) + 1));
    await agent.runtime.remove(plan.id, noAbort);
  });

  test('the first signal goes straight to the program, whatever its shim is doing', async (t) => {
    const agent = await agentOpened;
    const plan = shellPlan('trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done');
    await agent.runtime.create(plan, noAbort);
    const { pid } = await agent.runtime.start(plan.id, noAbort);
    await poll('the trap', async () => (await linesOf(agent, plan.id)).includes('ready'));
    const statusOf = (): string => readFileSync(`/proc/${pid}/status`, 'utf8');
    const shim = Number(/^PPid:\s+(\d+)$/m.exec(statusOf())?.[1]);
    process.kill(shim, 'SIGSTOP');
    try {
      await agent.runtime.kill(plan.id, 'SIGTERM', noAbort);
      t.true(await poll('the end', () => /^State:\s+Z/m.test(statusOf())));
    } finally {
      process.kill(shim, 'SIGCONT');
    }
    await poll('its exit', async () => (await stateOf(agent, plan.id))?.exitCode === 5);
    await agent.runtime.remove(plan.id, noAbort);
  });

  test('containerd started anew: containers run on, exits are heard again', async (t) => {
    const own = await OwnRuntime.open();
    try {
      const agent = await own.agent();
      const exits: ContainerState[] = [];
      agent.runtime.onExit((state) => exits.push(state));
      const plan = shellPlan('sleep 1000');
      await agent.runtime.create(plan, noAbort);
      const { pid } = await agent.runtime.start(plan.id, noAbort);
      await own.containerd.restart();
      const seen = await poll('the container', async () => stateOf(agent, plan.id));
      t.is(seen.pid, pid);
      process.kill(pid, 'SIGKILL');
      const exit = await poll('the exit', () => exits.find((one) => one.id === plan.id));
      t.is(exit.exitCode, 137);
      await agent.runtime.remove(plan.id, noAbort);
    } finally {
      await own.close();
    }
  });

  test.serial('images of every compression are pulled with TLS and a login, and run', async (t) => {
    const own = await opened;
    const registry = await startRegistry();
    try {
      const auth = RegistryAuth.create({
        username: registry.username,
        password: registry.password,
      });
      const name = (tag: string) => `${registry.host}/team/box:${tag}`;
      for (const compression of ['none', 'gzip', 'zstd'] as const)
        await registry.push(
          'team/box',
          compression,
          await buildImage({ ...busyboxImage([]), compression }),
        );
      const agent = await own.agent({ dataDir: join(own.containerd.folder, 'pulls') });
      const { images } = agent.runtime;
      const refuse = async (code: ErrorCode, pattern: RegExp, work: Promise<unknown>) => {
        const error = await t.throwsAsync(work, { instanceOf: ClusterError });
        t.is(error?.code, code, error?.message);
        t.regex(error?.message ?? '', pattern);
      };
      const pull = (tag: string, login?: RegistryAuth) =>
        images.pull(name(tag), login, () => undefined, noAbort);
      const certificates = join(own.containerd.folder, 'pulls/certs.d', registry.host);
      mkdirSync(certificates, { recursive: true });
      writeFileSync(join(certificates, 'ca.crt'), registry.caPem);
      for (const tag of ['none', 'gzip', 'zstd']) {
        await pull(tag, auth);
        const plan = shellPlan('echo it runs', { image: name(tag) });
        t.deepEqual((await runToEnd(agent, plan)).lines, ['it runs']);
      }
      await refuse('IMAGE_NOT_FOUND', /check the name and tag/, pull('missing', auth));
      await refuse('REGISTRY_UNAUTHORIZED', /refuses access to team\/box/, pull('none'));
      const wrong = RegistryAuth.create({ username: 'ann', password: 'guess' });
      await refuse('REGISTRY_UNAUTHORIZED', /user ann/, pull('none', wrong));
      writeFileSync(join(certificates, 'ca.crt'), '');
      await refuse(
        'REGISTRY_UNAVAILABLE',
        /certificate that is not trusted.*certs\.d/,
        pull('none', auth),
      );
      await images.remove(name('none'), false, noAbort);
      t.is(await images.find(name('none'), noAbort), undefined);
      t.truthy(await images.find(name('gzip'), noAbort));
      await refuse('NOT_FOUND', /no image/, images.remove(name('none'), false, noAbort));
    } finally {
      await registry.stop();
    }
  });

  test('an image survives the collector, and its blobs go when it is removed', async (t) => {
    const own = await opened;
    const { images } = (await agentOpened).runtime;
    const built = await buildImage({
      names: ['lonely:1'],
      config: { Cmd: ['sh'] },
      layers: [[{ kind: 'file', path: 'only-here', content: 'x' }]],
    });
    await images.load(Readable.from([await ociArchive([built])]), '', noAbort);
    const digest = built.layers[0]?.digest ?? '';
    t.true(own.containerd.ctr('content', 'ls', '-q').includes(digest));
    t.true((await images.list(noAbort)).some(({ names }) => names.includes('lonely:1')));
    await images.remove('lonely:1', false, noAbort);
    t.false(own.containerd.ctr('content', 'ls', '-q').includes(digest));
    t.truthy(await images.find('busybox', noAbort));
  });
}
