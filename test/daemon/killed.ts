/** The real program, killed at any moment of making and leaving a cluster. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { seededRandom } from '#lib';
import { ControlService, InfoRequest, InitRequest, LeaveRequest } from '#proto';
import { ListNodesRequest, LocalService, LocalState } from '#proto';
import type { Method } from '#proto';
import { callUnary, grpc } from '#proto/rpc';
import { poll } from '../_support/poll.ts';
import { freePort } from '../_support/free-port.ts';

const program = new URL('../../bin/tesserad', import.meta.url).pathname;
const seed = Number(process.env['SEED'] ?? 1);
const rounds = 6;
/** Most kills come while something is being written. */
const killWithinMs = 400;

class Program {
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #client: grpc.Client | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<void> {
    const run = join(this.#directory, 'run');
    const flags = ['--runtime', 'simulated', '--metrics', 'none', '--run-dir', run];
    const data = ['--data-dir', join(this.#directory, 'data'), '--hostname', 'host1'];
    this.#child = spawn(program, [...flags, ...data], { stdio: 'ignore' });
    this.#client = new grpc.Client(
      `unix://${join(run, 'tessera.sock')}`,
      grpc.credentials.createInsecure(),
    );
    await poll('the socket answers', () => this.call(LocalService.info, InfoRequest.create()));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    this.#client?.close();
  }

  call<Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response> {
    if (this.#client === undefined) throw new Error('not started');
    return callUnary(this.#client, method, request, { deadlineMs: 20_000 });
  }

  /** The state once it has settled. */
  async state(): Promise<LocalState> {
    const { state, error } = await this.call(LocalService.info, InfoRequest.create());
    if (state === LocalState.ERROR) throw new Error(error);
    return state;
  }
}

test('killed while it makes or leaves a cluster, a host is afterwards in one or in none', async (t) => {
  t.timeout(180_000);
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const directory = await mkdtemp(join(tmpdir(), 'tessera-killed-'));
  const program = new Program(directory);
  t.teardown(async () => {
    await program.kill();
    await rm(directory, { recursive: true, force: true });
  });
  const address = `127.0.0.1:${await freePort()}`;
  const init = () =>
    program.call(
      LocalService.init,
      InitRequest.create({ advertiseAddress: address, listenAddress: address }),
    );
  const leave = () => program.call(LocalService.leave, LeaveRequest.create({ force: true }));

  await program.start();
  for (let round = 0; round < rounds; round++) {
    const change = (await program.state()) === LocalState.INACTIVE ? init() : leave();
    const settled = change.then(
      () => true,
      () => false,
    );
    await Promise.race([settled, delay(random.below(killWithinMs))]);
    await program.kill();
    await settled;
    await program.start();
    const state = await program.state();
    t.true(state === LocalState.INACTIVE || state === LocalState.ACTIVE, `round ${round}`);
    if (state === LocalState.INACTIVE) continue;
    const { nodes } = await poll('the cluster answers', () =>
      program.call(ControlService.listNodes, ListNodesRequest.create()),
    );
    t.is(nodes.length, 1);
  }
  if ((await program.state()) === LocalState.ACTIVE) await leave();
  await init();
  const { nodes } = await program.call(ControlService.listNodes, ListNodesRequest.create());
  t.is(nodes.length, 1);
});
