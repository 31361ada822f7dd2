/** Tasks that look alike to the rules of others: same labels, same stack, same affinities. */
import type { AffinityTerm, Task } from '#proto';
import { TaskSelection } from './task-selection.ts';
import { nodeKey } from './node-affinity.ts';
import type { ConstraintKey } from './constraint.ts';

/** The label that says to which stack a service belongs, as Docker writes it. */
export const stackLabel = 'com.docker.stack.namespace';
/** What every task has besides the labels of its service. */
export const nameLabel = 'service.name';
const versionLabel = 'service.version';

/** What a term of a task does to tasks that it selects. */
export type TermRole = 'required' | 'preferred' | 'anti-required' | 'anti-preferred';

export interface CompiledTerm {
  readonly role: TermRole;
  /** 1 for a required one. */
  readonly weight: number;
  readonly topologyKey: ConstraintKey;
  readonly selection: TaskSelection;
}

/** A term as the kind has it; equal ids mean equal terms. */
export interface KindTerm extends CompiledTerm {
  readonly id: string;
}

export class TaskKind {
  readonly id: string;
  readonly stack: string;
  readonly terms: readonly KindTerm[];
  readonly #task: Pick<Task, 'labels' | 'serviceName' | 'specVersion'>;
  #labels: Readonly<Record<string, string>> | undefined;

  constructor(id: string, task: Task) {
    const { labels, serviceName, specVersion } = task;
    this.id = id;
    this.stack = ownLabel(labels, stackLabel) ?? '';
    this.#task = { labels, serviceName, specVersion };
    this.terms = termsOf(task, this);
  }

  /** Made when first asked for: most kinds are never looked at by a rule. */
  get labels(): Readonly<Record<string, string>> {
    const { labels, serviceName, specVersion } = this.#task;
    this.#labels ??= {
      ...labels,
      [nameLabel]: serviceName,
      [versionLabel]: String(specVersion),
    };
    return this.#labels;
  }
}

/** Equal for tasks of the same kind. */
export function kindIdOf(task: Task): string {
  const { labels, spec } = task;
  const placement = spec?.placement;
  const named = `${task.serviceId}/${task.specVersion}/${task.serviceName}`;
  let hasLabels = false;
  for (const _ in labels) hasLabels = true;
  if (!hasLabels && placement?.affinity === undefined && placement?.antiAffinity === undefined)
    return named;
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([named, sorted, placement?.affinity, placement?.antiAffinity]);
}

export function ownLabel(
  labels: Readonly<Record<string, string>>,
  name: string,
): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

const noTerms: readonly KindTerm[] = [];

function termsOf(task: Task, kind: Pick<TaskKind, 'labels' | 'stack'>): readonly KindTerm[] {
  const { affinity, antiAffinity } = task.spec?.placement ?? {};
  if (affinity === undefined && antiAffinity === undefined) return noTerms;
  const terms: KindTerm[] = [];
  const add = (role: TermRole, weight: number, term: AffinityTerm | undefined): void => {
    const selection = term === undefined ? undefined : TaskSelection.ofTerm(term, kind);
    if (term === undefined || selection === undefined) return;
    const id = `${role}/${weight}/${term.topologyKey}/${selection.id}`;
    terms.push({ id, role, weight, topologyKey: nodeKey(term.topologyKey), selection });
  };
  for (const term of affinity?.required ?? []) add('required', 1, term);
  for (const { weight, term } of affinity?.preferred ?? []) add('preferred', weight, term);
  for (const term of antiAffinity?.required ?? []) add('anti-required', 1, term);
  for (const { weight, term } of antiAffinity?.preferred ?? []) add('anti-preferred', weight, term);
  return terms;
}
