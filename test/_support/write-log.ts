/** Writes that are offered to managers, and what became of them by their own word. */
import { hasCode } from '#lib';
import { CreateServiceRequest } from '#proto';
import { specOf } from './linearizability/control-client.ts';
import type { ManagerLine } from './manager-line.ts';

/** `refused`: certainly not made. `unknown`: made, or to be made, or never. */
export type WriteOutcome = 'acknowledged' | 'refused' | 'unknown';

/** Codes of an answer after which nothing was, or will be, written. */
const refusals = ['NOT_LEADER', 'NO_LEADER', 'UNAVAILABLE', 'LIMIT_EXCEEDED'] as const;
const open = ['OUTCOME_UNKNOWN', 'DEADLINE_EXCEEDED', 'CANCELLED'] as const;

export class WriteLog {
  readonly outcomes = new Map<string, WriteOutcome>();
  /** Answers that a write may not have. */
  readonly wrong: unknown[] = [];
  #made = 0;

  /** Creates one service with a name of its own. */
  async write(line: ManagerLine, prefix: string): Promise<WriteOutcome> {
    const name = `${prefix}-${this.#made++}`;
    this.outcomes.set(name, 'unknown');
    const request = CreateServiceRequest.create({ spec: specOf(name, name) });
    const outcome = await line.services.createService(request, noContext).then(
      () => 'acknowledged' as const,
      (error: unknown) => this.#outcomeOf(error),
    );
    this.outcomes.set(name, outcome);
    return outcome;
  }

  /** Writes one after another until `isOver`. */
  async offer(line: ManagerLine, prefix: string, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.write(line, prefix);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  count(outcome: WriteOutcome): number {
    return [...this.outcomes.values()].filter((one) => one === outcome).length;
  }

  /** What is wrong with these names of services, as one manager shows them. */
  faultsOf(present: ReadonlySet<string>): readonly string[] {
    return [...this.outcomes].flatMap(([name, outcome]) => {
      if (outcome === 'acknowledged' && !present.has(name)) return [`${name} is lost`];
      if (outcome === 'refused' && present.has(name)) return [`${name} was refused and is there`];
      return [];
    });
  }

  #outcomeOf(error: unknown): WriteOutcome {
    if (refusals.some((code) => hasCode(error, code))) return 'refused';
    if (!open.some((code) => hasCode(error, code))) this.wrong.push(error);
    return 'unknown';
  }
}

const noContext = {
  caller: { kind: 'local' as const },
  address: '',
  signal: new AbortController().signal,
};
