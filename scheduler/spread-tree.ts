/** Balances tasks between the values of a label, then of the next label inside each value, and so on. */
import { nodeValue } from './constraint.ts';
import type { ConstraintKey } from './constraint.ts';
import { Heap } from './heap.ts';
import { pause } from './meter.ts';
import type { Meter, Pause } from './meter.ts';
import type { NodeRecord } from './node-record.ts';
import { isBetter } from './candidate.ts';
import type { Candidate } from './candidate.ts';

/** A value of the label at one level. Nodes without the label share the branch "". */
interface Branch {
  readonly value: string;
  /** Tasks of the service in this branch, on any node, placed by this pass or before. */
  taskCount: number;
  readonly children: Map<string, Branch>;
  /** Only at the innermost level. */
  readonly candidates: Candidate[];
  heap: Heap<Candidate> | undefined;
}

function newBranch(value: string): Branch {
  return { value, taskCount: 0, children: new Map(), candidates: [], heap: undefined };
}

export class SpreadTree {
  readonly #keys: readonly ConstraintKey[];
  readonly #root = newBranch('');
  /** Branches and nodes looked at since the last placement. */
  #looks = 0;

  constructor(keys: readonly ConstraintKey[]) {
    this.#keys = keys;
  }

  /** A node that may take tasks. */
  add(candidate: Candidate): void {
    this.addTasks(candidate.record, candidate.serviceTaskCount).candidates.push(candidate);
  }

  /** A node that may not, but whose tasks count for the balance. Gives its innermost branch. */
  addTasks(record: NodeRecord, taskCount: number): Branch {
    let branch = this.#root;
    branch.taskCount += taskCount;
    for (const key of this.#keys) {
      const value = nodeValue(record.node, key);
      let child = branch.children.get(value);
      if (child === undefined) {
        child = newBranch(value);
        branch.children.set(value, child);
      }
      child.taskCount += taskCount;
      branch = child;
    }
    return branch;
  }

  /** Nodes for one task after the other, until none `mayTake` another. */
  *take(mayTake: (candidate: Candidate) => boolean, meter: Meter): Iterable<NodeRecord | Pause> {
    for (;;) {
      if (meter.isDue(this.#looks)) yield pause;
      this.#looks = 1;
      const path: Branch[] = [];
      const best = this.#best(this.#root, 0, mayTake, path);
      if (best === undefined) return;
      yield best.record;
      best.serviceTaskCount++;
      for (const branch of path) branch.taskCount++;
      path[0]?.heap?.sinkTop();
    }
  }

  /** The next node of the branch with the fewest tasks; `path` is filled innermost first. */
  #best(
    branch: Branch,
    depth: number,
    mayTake: (candidate: Candidate) => boolean,
    path: Branch[],
  ): Candidate | undefined {
    if (depth === this.#keys.length) {
      branch.heap ??= new Heap(branch.candidates, isBetter);
      for (let top = branch.heap.peek(); top !== undefined; top = branch.heap.peek()) {
        if (mayTake(top)) {
          path.push(branch);
          return top;
        }
        branch.heap.drop();
        this.#looks++;
      }
      return undefined;
    }
    while (branch.children.size > 0) {
      let least: Branch | undefined;
      this.#looks += branch.children.size;
      for (const child of branch.children.values()) {
        if (
          least === undefined ||
          child.taskCount < least.taskCount ||
          (child.taskCount === least.taskCount && child.value < least.value)
        )
          least = child;
      }
      if (least === undefined) return undefined;
      const found = this.#best(least, depth + 1, mayTake, path);
      if (found !== undefined) {
        path.push(branch);
        return found;
      }
      branch.children.delete(least.value);
    }
    return undefined;
  }
}
