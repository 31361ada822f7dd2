import test from 'ava';
import type { ExecutionContext } from 'ava';
import { seededRandom } from '#lib';
import type { Random } from '#lib';
import { TaskState } from '#proto';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const { READY, RUNNING, COMPLETE, SHUTDOWN, REMOVE } = TaskState;

/** One seed: print it and run this file with `SEED` in the list below to see it again. */
const seeds = Array.from({ length: 40 }, (_, index) => index + 1);
const actionsPerSeed = 60;

class Story {
  readonly world: AgentWorld;
  readonly random: Random;
  readonly log: string[] = [];
  /** By container id, the pids it was seen with. */
  readonly pids = new Map<string, Set<number>>();
  #made = 0;
  #rebooted = new Set<string>();

  constructor(seed: number) {
    this.world = new AgentWorld(seed);
    this.random = seededRandom(seed).fork('story');
    this.world.clock.onEvent(() => this.#look());
  }

  #look(): void {
    for (const { id, pid, phase } of this.world.runtime.peek()) {
      if (phase !== 'running') continue;
      const seen = this.pids.get(id) ?? new Set();
      this.pids.set(id, seen.add(pid));
    }
  }

  async act(): Promise<void> {
    const { world, random } = this;
    const kind = random.below(12);
    this.log.push(String(kind));
    switch (kind) {
      case 0:
      case 1:
      case 2:
        return this.#assign();
      case 3:
        return this.#stop(random.below(2) === 0 ? SHUTDOWN : REMOVE);
      case 4:
        return this.#remove();
      case 5:
        return this.#exit();
      case 6:
        world.manager.hangUp();
        return;
      case 7:
        world.manager.isDown = true;
        world.manager.hangUp();
        await world.clock.advance(random.below(5_000));
        world.manager.isDown = false;
        return;
      case 8:
        world.runtime.isDown = true;
        await world.clock.advance(random.below(3_000));
        world.runtime.isDown = false;
        return;
      case 9:
        if (random.below(4) === 0) this.#reboot();
        else this.#kill();
        return;
      case 10:
        world.storage.isFull = random.below(3) === 0;
        return;
      default:
        // Some events only: the next action falls into the middle of steps.
        for (let left = random.below(40); left > 0; left--) await world.clock.step();
    }
  }

  #assign(): void {
    const { random } = this;
    const id = `t${++this.#made}`;
    const behaviour = ['SIM_STOP_AFTER_MS=5', 'SIM_STOP_AFTER_MS=never', 'SIM_EXIT_AFTER_MS=700'];
    const env = [behaviour[random.below(behaviour.length)] ?? ''];
    const desiredState = random.below(4) === 0 ? READY : RUNNING;
    this.world.manager.assign([assigned(id, { desiredState }, env)]);
  }

  #pick(): string | undefined {
    const ids = [...this.world.manager.tasks.keys()];
    return ids.length === 0 ? undefined : ids[this.random.below(ids.length)];
  }

  #stop(state: TaskState): void {
    const id = this.#pick();
    if (id !== undefined) this.world.manager.desire(id, state);
  }

  #remove(): void {
    const id = this.#pick();
    if (id !== undefined) this.world.manager.assign([], [id]);
  }

  #exit(): void {
    const states = this.world.runtime.peek();
    const state = states[this.random.below(Math.max(1, states.length))];
    if (state !== undefined) this.world.runtime.exit(state.id, this.random.below(2));
  }

  #kill(): void {
    this.world.agent.abandon();
    this.world.runtime.hangUp();
    this.world.manager.hangUp();
    this.world.restart();
  }

  #reboot(): void {
    this.world.agent.abandon();
    this.world.manager.hangUp();
    for (const { id } of this.world.runtime.peek()) this.#rebooted.add(id);
    this.world.runtime.reboot();
    this.world.networks.reboot();
    this.world.restart();
  }

  /** Everything works again; what waited to be ready is to run. */
  async heal(): Promise<void> {
    const { world } = this;
    world.storage.isFull = false;
    for (const task of world.manager.tasks.values())
      if (task.desiredState === READY) world.manager.desire(task.id, RUNNING);
    await world.clock.advance(120_000);
  }

  check(t: ExecutionContext): void {
    const { world } = this;
    const wanted: string[] = [];
    for (const [id, task] of world.manager.tasks) {
      const state = world.manager.statuses.get(id)?.state ?? 0;
      if (state === RUNNING) wanted.push(`${id}.main`);
      else t.true(state >= COMPLETE, `${id} is in state ${state}`);
      if (task.desiredState > COMPLETE) t.true(state >= COMPLETE, `${id} is not wanted`);
    }
    const states = world.runtime.peek();
    t.deepEqual(
      states.map(({ id }) => id),
      wanted.toSorted(),
    );
    t.true(states.every(({ phase }) => phase === 'running'));
    t.deepEqual(
      world.networks
        .peek()
        .map(({ taskId }) => `${taskId}.main`)
        .toSorted(),
      wanted.toSorted(),
    );
    t.deepEqual(
      world.agent.tasks().map(({ task }) => task.id),
      [...world.manager.tasks.keys()].toSorted(),
    );
    for (const [id, pids] of this.pids)
      if (!this.#rebooted.has(id)) t.is(pids.size, 1, `${id} ran more than once`);
    for (const [id, reported] of world.manager.states)
      t.deepEqual(
        reported,
        reported.toSorted((a, b) => a - b),
        `${id} went back`,
      );
  }
}

for (const seed of seeds)
  test(`whatever happens, in the end containers are as assigned: seed ${seed}`, async (t) => {
    const story = new Story(seed);
    await story.world.begin();
    for (let action = 0; action < actionsPerSeed; action++) await story.act();
    await story.heal();
    story.check(t);
  });
