import { Assignments, Task, TaskState } from '#proto';
import type { PortConfig } from '#proto';

/** Most tasks in one message. */
const assignmentTasksMax = 1000;
/** Most bytes of tasks in one message; one task alone may be more. */
const assignmentBytesMax = 1 << 20;

/** Whether the agent of the task's node must know of it. */
export function isAssigned(task: Task | undefined, nodeId: string): task is Task {
  if (task === undefined || task.nodeId !== nodeId) return false;
  const state = task.status?.state ?? TaskState.NEW;
  return state >= TaskState.ASSIGNED && state !== TaskState.ORPHANED;
}

function isSamePorts(a: readonly PortConfig[], b: readonly PortConfig[]): boolean {
  return a === b || (a.length === b.length && JSON.stringify(a) === JSON.stringify(b));
}

/** What is kept of a task that was told: not the task itself, of which the store has a later one by now. */
type ToldTask = Pick<Task, 'desiredState' | 'specVersion' | 'ports'>;

const noPorts: readonly PortConfig[] = [];

const toldOf = ({ desiredState, specVersion, ports }: Task): ToldTask => ({
  desiredState,
  specVersion,
  ports: ports.length === 0 ? noPorts : ports,
});

/**
 * Whether nothing changed that an agent acts on. Statuses come from the agent itself; a task's
 * spec changes together with its spec_version only.
 */
function isSameForAgent(a: ToldTask, b: ToldTask): boolean {
  return (
    a.desiredState === b.desiredState &&
    a.specVersion === b.specVersion &&
    isSamePorts(a.ports, b.ports)
  );
}

/**
 * What one agent was told. Applying every message in order gives the tasks of the node that are
 * assigned at the version of the last one.
 */
export class AssignmentSet {
  readonly #nodeId: string;
  readonly #known = new Map<string, ToldTask>();
  readonly #asTold: (task: Task) => Task;
  #sequence = 0;

  /** `asTold`: the task as the agent may know it at this moment. */
  constructor(nodeId: string, asTold: (task: Task) => Task) {
    this.#nodeId = nodeId;
    this.#asTold = asTold;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The full set, in one message or in parts that go on in the next. */
  full(tasks: Iterable<Task>): readonly Assignments[] {
    this.#known.clear();
    const wanted: Task[] = [];
    for (const task of tasks) if (isAssigned(task, this.#nodeId)) wanted.push(this.#asTold(task));
    for (const task of wanted) this.#known.set(task.id, toldOf(task));
    const parts = inParts(wanted);
    return parts.map((part, index) =>
      Assignments.create({
        sequence: ++this.#sequence,
        isFull: true,
        isContinued: index < parts.length - 1,
        tasks: part,
      }),
    );
  }

  /** What changed for the agent among the tasks `ids`; no message when nothing did. */
  increments(
    ids: Iterable<string>,
    lookUp: (id: string) => Task | undefined,
  ): readonly Assignments[] {
    const changed: Task[] = [];
    const removed: string[] = [];
    for (const id of ids) {
      const present = lookUp(id);
      const task = present && this.#asTold(present);
      const known = this.#known.get(id);
      if (!isAssigned(task, this.#nodeId)) {
        if (this.#known.delete(id)) removed.push(id);
      } else if (known === undefined || !isSameForAgent(known, task)) {
        this.#known.set(id, toldOf(task));
        changed.push(task);
      }
    }
    if (changed.length === 0 && removed.length === 0) return [];
    return inParts(changed).map((part, index) =>
      Assignments.create({
        sequence: ++this.#sequence,
        tasks: part,
        removedTaskIds: index === 0 ? removed : [],
      }),
    );
  }
}

/** At least one part, perhaps empty. */
function inParts(tasks: readonly Task[]): readonly (readonly Task[])[] {
  const parts: Task[][] = [];
  let part: Task[] = [];
  let bytes = 0;
  for (const task of tasks) {
    const size = Task.encode(task).length;
    const isFull = part.length >= assignmentTasksMax || bytes + size > assignmentBytesMax;
    if (isFull && part.length > 0) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(task);
    bytes += size;
  }
  parts.push(part);
  return parts;
}
