import { ClusterError, Pacer, assert, newId } from '#lib';
import {
  CreateServiceResponse,
  GetServiceResponse,
  ListServicesResponse,
  RemoveServiceResponse,
  Service,
  UpdateConfig,
  UpdateServiceResponse,
  UpdateState,
  UpdateStatus,
} from '#proto';
import type {
  CreateServiceRequest,
  GetServiceRequest,
  ListServicesRequest,
  RemoveServiceRequest,
  ServiceCounts,
  ServiceSpec,
  UpdateServiceRequest,
} from '#proto';
import type { ReadTransaction, UpdateResult, WriteTransaction } from '../store/types.ts';
import { committed } from './committed.ts';
import { invalid } from './invalid.ts';
import { inventName, isTaskChanged, keepCredentials, normaliseSpec } from './normalise-spec.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { pageOf } from './pages.ts';
import { redactService } from './redact.ts';
import { findService } from './refs.ts';
import { countSlice, countTasks } from './service-counts.ts';
import { requireNoClash, resolveNetworks } from './service-networks.ts';
import { validateServiceSpec } from './validate-service.ts';
import { serviceWarnings } from './service-warnings.ts';

type ServiceHandlers = Pick<
  ControlHandlers,
  'createService' | 'listServices' | 'getService' | 'updateService' | 'removeService'
>;

function requireSpec(spec: ServiceSpec | undefined): ServiceSpec {
  if (spec === undefined) throw invalid('spec', 'the request carries no service spec');
  return spec;
}

function modeOf(spec: ServiceSpec | undefined): string {
  return spec?.mode?.kind ?? 'replicated';
}

function requireNameFree(tx: ReadTransaction, name: string): void {
  const taken = tx.serviceByName(name);
  if (taken === undefined) return;
  throw new ClusterError(
    'ALREADY_EXISTS',
    taken.isRemoving
      ? `service ${name} is still being removed: try again when it is gone, or choose another --name`
      : `service ${name} already exists: choose another --name or remove it with` +
          ` 'tsctl service rm ${name}'`,
    { details: { service: taken.id } },
  );
}

/** What an update may not change, and that it starts from the present version. */
function requireUpdatable(present: Service, request: UpdateServiceRequest): void {
  const name = present.spec?.name ?? '';
  if (present.isRemoving)
    throw new ClusterError(
      'FAILED_PRECONDITION',
      `service ${name} is being removed: create it anew`,
    );
  const version = present.meta?.version ?? 0;
  if (request.version === 0 && !request.rollback)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `the update of service ${name} names no version: send the one that was read`,
    );
  if (request.version !== 0 && request.version !== version)
    throw new ClusterError(
      'STALE_VERSION',
      `service ${name} has changed since version ${request.version} (now ${version}):` +
        ' read it again and repeat the change',
      { details: { version: String(version) } },
    );
}

function nextSpec(
  tx: ReadTransaction,
  present: Service,
  request: UpdateServiceRequest,
): ServiceSpec {
  const old = present.spec;
  assert(old !== undefined, 'a stored service has a spec');
  if (request.rollback) {
    if (present.previousSpec === undefined)
      throw new ClusterError(
        'FAILED_PRECONDITION',
        `service ${old.name} has no previous spec to go back to: it was never updated`,
      );
    return resolveNetworks(tx, present.previousSpec);
  }
  const given = normaliseSpec(requireSpec(request.spec));
  validateServiceSpec(given);
  const spec = keepCredentials(resolveNetworks(tx, given), old);
  if (spec.name !== old.name)
    throw new ClusterError(
      'UNIMPLEMENTED',
      `renaming services is not supported: ${old.name} cannot become ${spec.name.slice(0, 63)};` +
        ' create a new service and remove the old one',
    );
  if (modeOf(spec) !== modeOf(old))
    throw new ClusterError(
      'UNIMPLEMENTED',
      `service mode change is not allowed: ${old.name} is ${modeOf(old)}; create a new service and` +
        ' remove the old one',
    );
  return spec;
}

function isUpdateConfigChanged(a: ServiceSpec, b: ServiceSpec): boolean {
  const bytes = (config: UpdateConfig | undefined): Uint8Array =>
    config === undefined ? new Uint8Array(0) : UpdateConfig.encode(config);
  return (
    Buffer.compare(bytes(a.update), bytes(b.update)) !== 0 ||
    Buffer.compare(bytes(a.rollback), bytes(b.rollback)) !== 0
  );
}

/** The service after `request`. Its `spec_version` moves only when its tasks must be replaced. */
function updated(
  tx: ReadTransaction,
  present: Service,
  request: UpdateServiceRequest,
  nowMs: number,
): Service {
  requireUpdatable(present, request);
  const spec = nextSpec(tx, present, request);
  requireNoClash(tx, present.id, spec);
  const old = present.spec ?? spec;
  const isReplacing = isTaskChanged(old, spec);
  const specVersion = isReplacing
    ? Math.max(present.specVersion, present.meta?.version ?? 0) + 1
    : present.specVersion;
  const isStatusReset = isReplacing || isUpdateConfigChanged(old, spec);
  const rollbackStatus = UpdateStatus.create({
    state: UpdateState.ROLLBACK_STARTED,
    startedAtMs: nowMs,
    message: 'rollback asked for by the user',
  });
  const reset = request.rollback && isReplacing ? rollbackStatus : undefined;
  const updateStatus = isStatusReset ? reset : present.updateStatus;
  return { ...present, spec, previousSpec: old, specVersion, updateStatus };
}

function createIn(tx: WriteTransaction, options: ControlOptions, given: ServiceSpec): string {
  requireNameFree(tx, given.name);
  const spec = resolveNetworks(tx, given);
  requireNoClash(tx, '', spec);
  const service = Service.create({ id: newId(options.random), spec, specVersion: 1 });
  tx.create('service', service);
  return service.id;
}

/** Services: create, read, update with rollback, remove. */
export function serviceHandlers(options: ControlOptions): ServiceHandlers {
  const { store } = options;
  const written = (
    result: UpdateResult<string>,
  ): { service: Service; warnings: readonly string[] } => {
    const service = committed(result, 'service', result.value);
    const warnings = store.view((tx) => serviceWarnings(tx, service));
    return { service: redactService(service), warnings };
  };
  return {
    async createService(request: CreateServiceRequest) {
      const given = requireSpec(request.spec);
      const name = given.name === '' ? inventName(options.random) : given.name;
      const spec = normaliseSpec({ ...given, name });
      validateServiceSpec(spec);
      const result = await store.update((tx) => createIn(tx, options, spec));
      options.log.info('service created', { serviceId: result.value, service: spec.name });
      return CreateServiceResponse.create(written(result));
    },

    async listServices(request: ListServicesRequest, { signal }) {
      await store.readBarrier(signal);
      const image = store.image();
      const { items: services, nextAfterId } = pageOf(
        image.list('service', request.afterId),
        (service) => redactService({ ...service, previousSpec: undefined }),
        (service) => Service.encode(service),
      );
      const pacer = new Pacer(options.clock, countSlice);
      const counts: ServiceCounts[] = [];
      for (const service of services) counts.push(await countTasks(image, service, pacer, signal));
      return ListServicesResponse.create({ services, counts, nextAfterId });
    },

    async getService(request: GetServiceRequest, { signal }) {
      await store.readBarrier(signal);
      const image = store.image();
      const service = findService(image, request.ref);
      const counts = await countTasks(image, service, new Pacer(options.clock, countSlice), signal);
      return GetServiceResponse.create({ service: redactService(service), counts });
    },

    async updateService(request: UpdateServiceRequest) {
      const result = await store.update((tx) => {
        const present = findService(tx, request.ref);
        tx.update('service', updated(tx, present, request, options.clock.now()));
        return present.id;
      });
      const { value: serviceId } = result;
      options.log.info('service updated', { serviceId, isRollback: request.rollback });
      return UpdateServiceResponse.create(written(result));
    },

    async removeService(request: RemoveServiceRequest) {
      const { value: id } = await store.update((tx) => {
        const present = findService(tx, request.ref);
        if (!present.isRemoving) tx.update('service', { ...present, isRemoving: true });
        return present.id;
      });
      options.log.info('service is being removed', { serviceId: id });
      return RemoveServiceResponse.create({ id });
    },
  };
}
