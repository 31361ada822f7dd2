import { ClusterError, hasCode } from '#lib';
import type { Random } from '#lib';
import type { Store } from '#manager';
import * as wire from '#proto';
import type { CallContext, Service, ServiceSpec } from '#proto';
import type { ManagerHandlers } from '#manager';
import type { History } from './history.ts';
import { refusalCodes } from './register.ts';
import type { RefusalCode, RegisterInput, RegisterOutput } from './register.ts';

export type RegisterHistory = History<RegisterInput, RegisterOutput>;

/** The manager that a call reached. */
export interface Reached {
  readonly control: ServiceCalls;
  /** Of a manager in this process; without it services are reaped by their managers alone. */
  readonly store?: Store;
}

/** What a user calls here. */
export type ServiceCalls = Pick<
  ManagerHandlers['control'],
  'createService' | 'getService' | 'removeService' | 'updateService'
>;

/**
 * Carries one call to some manager. Rejects with the manager's error; with DEADLINE_EXCEEDED when no
 * answer came, and UNAVAILABLE when the call certainly reached nobody.
 */
export type ControlLine = <T>(
  call: (reached: Reached, context: CallContext) => Promise<T>,
) => Promise<T>;

/**
 * Mistakes of a client, or of a manager that the client plays: each breaks linearizability, and the
 * checker must say so.
 * - `stale-read`: reads what the manager has, without asking whether it is up to date.
 * - `blind-update`: an update that does not look at the version it is based on.
 * - `unknown-as-failed`: takes an unknown outcome for a refusal.
 */
export type Plant = 'stale-read' | 'blind-update' | 'unknown-as-failed';

export interface ControlClientOptions {
  readonly id: string;
  readonly random: Random;
  readonly history: RegisterHistory;
  /** The services that all clients work on; no beginning of an id. */
  readonly names: readonly string[];
  readonly line: ControlLine;
  readonly plant?: Plant | undefined;
}

/** Codes of a call that certainly did nothing and tells nothing. */
const harmless = ['NOT_LEADER', 'NO_LEADER', 'UNAVAILABLE', 'LIMIT_EXCEEDED'] as const;
/** Codes of a call that nobody knows the outcome of. */
const open = ['OUTCOME_UNKNOWN', 'DEADLINE_EXCEEDED', 'CANCELLED'] as const;

const valueLabel = 'value';

/** One user of the control API with one call at a time, all of which is written down. */
export class ControlClient {
  readonly #options: ControlClientOptions;
  /** By name: the newest version that this client has read. */
  readonly #versions = new Map<string, number>();
  readonly #specs = new Map<string, ServiceSpec>();
  readonly counts = { ok: 0, failed: 0, unknown: 0 };
  #made = 0;

  constructor(options: ControlClientOptions) {
    this.#options = options;
  }

  /** One call or another, to its end. Rejects with an answer that no call may have. */
  async act(): Promise<void> {
    const { random, names } = this.#options;
    const name = names[random.below(names.length)] ?? '';
    const version = this.#versions.get(name);
    const kind = random.below(12);
    if (kind < 2) return this.#create(name);
    if (kind < 5 && version !== undefined) return this.#update(name, version);
    if (kind === 5) return this.#remove(name);
    if (kind === 6) return this.#reap(name);
    return this.read(name);
  }

  read(name: string): Promise<void> {
    return this.#record(name, { kind: 'read' }, async ({ control, store }, context) => {
      if (this.#options.plant === 'stale-read' && store !== undefined) {
        const stale = store.view((tx) => tx.serviceByName(name));
        if (stale === undefined) throw new ClusterError('NOT_FOUND', 'nothing by that name here');
        return this.#seen(name, stale);
      }
      const request = wire.GetServiceRequest.create({ ref: name });
      const { service } = await control.getService(request, context);
      return this.#seen(name, service);
    });
  }

  #create(name: string): Promise<void> {
    const value = this.#newValue();
    const spec = specOf(name, value);
    return this.#record(name, { kind: 'create', value }, async ({ control }, context) => {
      const request = wire.CreateServiceRequest.create({ spec });
      const { service } = await control.createService(request, context);
      return this.#written(name, value, service);
    });
  }

  #update(name: string, version: number): Promise<void> {
    const value = this.#newValue();
    const input = { kind: 'update', value, version } as const;
    return this.#record(name, input, async ({ control, store }, context) => {
      const spec = { ...(this.#specs.get(name) ?? specOf(name, value)), labels: { value } };
      if (this.#options.plant === 'blind-update' && store !== undefined)
        return this.#overwrite(store, name, spec);
      const request = wire.UpdateServiceRequest.create({ ref: name, version, spec });
      const { service } = await control.updateService(request, context);
      return this.#written(name, value, service);
    });
  }

  #remove(name: string): Promise<void> {
    return this.#record(name, { kind: 'remove' }, async ({ control }, context) => {
      await control.removeService(wire.RemoveServiceRequest.create({ ref: name }), context);
      return { kind: 'done' };
    });
  }

  /** What the reaper does once a service has no tasks left. */
  #reap(name: string): Promise<void> {
    return this.#record(name, { kind: 'reap' }, async ({ store }) => {
      if (store === undefined) throw new ClusterError('UNAVAILABLE', 'others reap');
      await store.update((tx) => {
        const service = tx.serviceByName(name);
        // Tells nothing: not an operation of the API.
        if (service?.isRemoving !== true) throw new ClusterError('UNAVAILABLE', 'nothing to reap');
        tx.remove('service', service.id);
      });
      return { kind: 'done' };
    });
  }

  async #overwrite(store: Store, name: string, spec: ServiceSpec): Promise<RegisterOutput> {
    await store.update((tx) => {
      const present = tx.serviceByName(name);
      if (present === undefined) throw new ClusterError('NOT_FOUND', 'nothing to overwrite');
      if (present.isRemoving) throw new ClusterError('FAILED_PRECONDITION', 'being removed');
      tx.update('service', { ...present, spec });
    });
    return { kind: 'done' };
  }

  async #record(
    name: string,
    input: RegisterInput,
    call: (reached: Reached, context: CallContext) => Promise<RegisterOutput>,
  ): Promise<void> {
    const { history, line, plant } = this.#options;
    const operation = history.call(name, input, this.#options.id);
    try {
      operation.ok(await line(call));
      this.counts.ok++;
    } catch (error) {
      const code = refusalCodes.find((one) => hasCode(error, one));
      if (code !== undefined) this.#refused(operation, code);
      else if (harmless.some((one) => hasCode(error, one))) {
        operation.failed();
        this.counts.failed++;
      } else {
        if (!open.some((one) => hasCode(error, one))) throw error;
        this.counts.unknown++;
        // What a read would have seen is of no interest.
        if (input.kind === 'read' || plant === 'unknown-as-failed') operation.failed();
      }
    }
  }

  #refused(operation: ReturnType<RegisterHistory['call']>, code: RefusalCode): void {
    operation.ok({ kind: 'refused', code });
    this.counts.ok++;
  }

  #seen(name: string, service: Service | undefined): RegisterOutput {
    const value = service?.spec?.labels[valueLabel] ?? '';
    if (service?.isRemoving === true) return { kind: 'leaving', value };
    const version = service?.meta?.version ?? 0;
    this.#versions.set(name, version);
    if (service?.spec !== undefined) this.#specs.set(name, service.spec);
    return { kind: 'value', value, version };
  }

  /** An answer shows the service as its commit left it, with what others wrote in the same one. */
  #written(name: string, value: string, service: Service | undefined): RegisterOutput {
    const seen = this.#seen(name, service);
    const isOwn = seen.kind === 'value' && seen.value === value;
    return isOwn ? { kind: 'done', version: seen.version } : { kind: 'done' };
  }

  #newValue(): string {
    return `${this.#options.id}-${++this.#made}`;
  }
}

/** A service without tasks. */
export function specOf(name: string, value: string): ServiceSpec {
  const container = wire.ContainerSpec.create({ image: 'web:1' });
  return wire.ServiceSpec.create({
    name,
    labels: { [valueLabel]: value },
    task: wire.TaskSpec.create({ containers: [container] }),
    mode: { kind: 'replicated', replicated: wire.ReplicatedMode.create({ replicas: 0 }) },
  });
}
