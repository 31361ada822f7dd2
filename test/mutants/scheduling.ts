/** Bugs of preemption, disruption budgets, the queue and the slices of a pass. */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const preemption = ava('test/manager/scheduling/preemption.ts');

export const schedulingMutants: readonly Mutant[] = [
  {
    name: 'peers-are-victims',
    breaks: 'a task of the same priority is never a victim',
    edits: [
      {
        file: 'scheduler/victims.ts',
        find: 'priorityOf(task) < priority)',
        replace: 'priorityOf(task) <= priority)',
      },
    ],
    suite: preemption,
  },
  {
    name: 'budgets-are-not-counted-again',
    breaks: 'a budget that others used up since the decision holds in the transaction',
    edits: [
      {
        file: 'manager/scheduling/writings.ts',
        find: 'if (violations > violationCount) return;',
        replace: 'if (violations < 0) return;',
      },
    ],
    suite: preemption,
  },
  {
    name: 'room-is-kept-from-the-more-important',
    breaks: 'room that was made is kept from tasks that are no more important only',
    edits: [
      {
        file: 'manager/scheduling/nominations.ts',
        find: 'if (priorityOf(nomination.task) >= priority) this.#hold(nomination);',
        replace: 'if (priorityOf(nomination.task) > -Infinity) this.#hold(nomination);',
      },
    ],
    suite: preemption,
  },
  {
    name: 'preempts-before-all-nodes-are-heard-of',
    breaks: 'a new leader stops nobody while nodes may have room that it does not know of',
    edits: [
      {
        file: 'manager/scheduling/scheduling-loop.ts',
        find: 'mayStopOthers: this.#intake.hasHeardOfAll,',
        replace: 'mayStopOthers: true,',
      },
    ],
    suite: preemption,
  },
  {
    name: 'woken-groups-wait-for-the-flush',
    breaks: 'what was woken within its back-off is tried when that is over',
    edits: [
      {
        file: 'manager/scheduling/task-queue.ts',
        find: "this.#backoffs.set(group.key, state === 'backoff' ? atMs : Infinity);",
        replace: "this.#backoffs.set(group.key, state === 'trying' ? atMs : Infinity);",
      },
    ],
    suite: ava('test/manager/scheduling/task-queue.ts'),
  },
  {
    name: 'bound-tasks-beyond-a-try-wait',
    breaks: 'tasks that are bound to nodes of their own are all tried, however many there are',
    edits: [
      {
        file: 'manager/scheduling/scheduling-loop.ts',
        find: 'while (isBound && refusedBy !== undefined && triedCount < all.length);',
        replace: 'while (isBound && refusedBy === undefined && triedCount < all.length);',
      },
    ],
    suite: ava('test/manager/scheduling/large-groups.ts'),
  },
  {
    name: 'trials-of-sums-put-nobody-back',
    breaks: 'no more tasks are stopped for another than have to be',
    edits: [
      {
        file: 'scheduler/victims.ts',
        find: 'restore: ({ id }) => add(id, 1),',
        replace: 'restore: ({ id }) => add(id, -1),',
      },
    ],
    suite: ava('test/scheduler/preemption.ts'),
  },
  {
    name: 'whatever-happens-prolongs-the-wait',
    breaks: 'a single task gets its node soon, whatever else happens',
    edits: [
      {
        file: 'manager/scheduling/scheduling-loop.ts',
        find: 'else if (this.#intake.isDue) this.#debounce.nudge();',
        replace: 'else if (this.#intake.isDue) this.#debounce.touch();',
      },
    ],
    suite: ava('test/manager/scheduling/latency.ts'),
  },
  {
    name: 'a-simulation-stops-nobody',
    breaks: 'simulate plays preemption as the leader would',
    edits: [
      {
        file: 'manager/simulating/simulated-scheduler.ts',
        find: 'mayStopOthers: true,',
        replace: 'mayStopOthers: false,',
      },
    ],
    suite: ava('test/manager/control/simulate.ts'),
  },
  {
    name: 'why-knows-no-images',
    breaks: 'the scores that why shows are those that the scheduler decides by',
    edits: [
      {
        file: 'manager/explaining/scene.ts',
        find: 'this.view = new ClusterView(state.images);',
        replace: 'this.view = new ClusterView();',
      },
    ],
    suite: ava('test/manager/control/why.ts'),
  },
  {
    name: 'a-large-group-is-placed-in-one-turn',
    breaks: 'no decision holds the event loop for longer than a slice',
    edits: [
      {
        file: 'scheduler/weigh.ts',
        find: 'if (meter.isDue(1 + branches.length)) yield pause;',
        replace: 'if (branches.length < 0) yield pause;',
      },
    ],
    suite: ava('test/scheduler/slices.ts'),
  },
  {
    name: 'a-pass-does-not-look-at-the-time',
    breaks:
      'no decision holds the event loop for longer than a slice, also while the collector marks',
    edits: [
      {
        file: 'manager/scheduling/scheduling-loop.ts',
        find: 'meter: new Meter(unitsPerSlice, () => this.#pacer.isLate()),',
        replace: 'meter: new Meter(unitsPerSlice),',
      },
    ],
    suite: ava('test/manager/scheduling/slices.ts'),
  },
];
