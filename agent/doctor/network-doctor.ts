import type { Clock, Ms } from '#lib';
import { ClusterError, mapBounded, sleep, withDeadline } from '#lib';
import { NetworkCheck, NetworkProbe, NetworkProbeFailureKind, NetworkReport } from '#proto';
import type { NetworkProblem, WorkDiagnoseNetworks } from '#proto';
import type { Mesh } from '../mesh/index.ts';
import type { NetworkConsumer } from '../network-view/consumer.ts';
import { hostKey } from '../network-view/view.ts';
import type { NetworkView } from '../network-view/view.ts';
import { bridgeName, lasting, mtuOf, vxlanName } from '../overlay/index.ts';
import type { Difference, Overlay } from '../overlay/index.ts';
import { slots, wireGuardPortOf } from '../wireguard/tunnel-address.ts';
import type { DoctorHost, HostLinks } from './doctor-host.ts';
import {
  dataPathProblems,
  entryProblems,
  ipv6Problems,
  nameProblems,
  portProblems,
  resolverProblems,
} from './findings.ts';
import type { NameCheck } from './findings.ts';
import { expectedAnswer, nameQuestions } from './name-checks.ts';
import { findFailures } from './reachability.ts';
import type { Way } from './reachability.ts';
import { chooseTargets } from './targets.ts';

export interface NetworkDoctorOptions {
  readonly nodeId: string;
  readonly host: DoctorHost;
  readonly overlay: Pick<Overlay, 'complaint' | 'differences' | 'entryCount'>;
  readonly mesh: Pick<
    Mesh,
    'checkPorts' | 'clashes' | 'differences' | 'elementCount' | 'publishedCount'
  >;
  readonly clock: Clock;
}

/** Addresses of other nodes asked in one examination; beyond that each network gets a share. */
export const askedMax = 2_000;
const failuresMax = 1_000;
const problemsMax = 100;
const questionsMax = 64;
/** What is wrong at two looks this far apart is no change under way. */
const secondLookMs: Ms = 1_000;
const portsWaitMs: Ms = 3_000;
const dataPathPortDefault = 4_789;
const widthMax = 16;
const tunnelPorts = slots.map(wireGuardPortOf);

/** Examines the networks of one host. A consumer of the view, which it only reads. */
export class NetworkDoctor implements NetworkConsumer {
  readonly name = 'doctor';
  readonly #options: NetworkDoctorOptions;
  #view: NetworkView | undefined;
  #isBusy = false;

  constructor(options: NetworkDoctorOptions) {
    this.#options = options;
  }

  apply(view: NetworkView): Promise<void> {
    this.#view = view;
    return Promise.resolve();
  }

  /**
   * What this node sees of its networks. LIMIT_EXCEEDED while another examination is under way,
   * FAILED_PRECONDITION when this host lacks a tool that is needed.
   */
  async examine(request: WorkDiagnoseNetworks, signal: AbortSignal): Promise<NetworkReport> {
    if (this.#isBusy)
      throw new ClusterError(
        'LIMIT_EXCEEDED',
        'the networks of this node are being examined already: try again in a moment',
      );
    this.#isBusy = true;
    try {
      return await this.#examine(request, signal);
    } finally {
      this.#isBusy = false;
    }
  }

  async #examine(request: WorkDiagnoseNetworks, signal: AbortSignal): Promise<NetworkReport> {
    const view = this.#view;
    const { host, nodeId } = this.#options;
    if (view === undefined || view.networks.size === 0) return NetworkReport.create();
    const networkIds = new Set(request.networkIds);
    const self = [...view.hosts.values()].find((one) => one.nodeId === nodeId);
    const links = await host.links();
    const uplink = links.uplinks.get(self?.dataPathAddress ?? '');
    const port = self?.dataPathPort || dataPathPortDefault;
    const [probes, local] = await Promise.all([
      this.#probe(view, request, links, port, signal),
      this.#lookAtSelf(view, networkIds, links, port, signal),
    ]);
    const asked = probes.reduce((sum, one) => sum + one.asked, 0);
    const failed = (...kinds: readonly NetworkProbeFailureKind[]): number =>
      probes.flatMap(({ failures }) => failures).filter(({ kind }) => kinds.includes(kind)).length;
    const { UNREACHABLE, MTU, CHECKSUM } = NetworkProbeFailureKind;
    const unreached = failed(UNREACHABLE);
    const left = probes.reduce((sum, { leftOut }) => sum + leftOut, 0);
    const check = (name: string, lookedAt: number, wrong: number, leftOut = 0): NetworkCheck =>
      NetworkCheck.create({ name, lookedAt, wrong, leftOut });
    return NetworkReport.create({
      uplink: uplink?.device ?? '',
      uplinkMtu: uplink?.mtu ?? 0,
      dataPathAddress: self?.dataPathAddress ?? '',
      dataPathPort: port,
      probes,
      problems: local.flatMap(({ problems }) => problems).slice(0, problemsMax),
      checks: [
        check('reach', asked, unreached, left),
        check('mtu', asked - unreached, failed(MTU)),
        check('checksum', asked - unreached - failed(MTU), failed(CHECKSUM)),
        ...local.map(({ name, lookedAt, problems }) => check(name, lookedAt, problems.length)),
      ],
    });
  }

  async #probe(
    view: NetworkView,
    { networkIds, absent }: WorkDiagnoseNetworks,
    { uplinks, mtus: deviceMtus }: HostLinks,
    port: number,
    signal: AbortSignal,
  ): Promise<readonly NetworkProbe[]> {
    const { nodeId, host } = this.#options;
    const chosen = chooseTargets(view, nodeId, new Set(networkIds), new Set(absent), askedMax);
    const mtus = new Map(
      chosen.map(({ network }) => {
        const self = view.hosts.get(hostKey(network.id, nodeId));
        const wanted = mtuOf(network, self, uplinks.get(self?.dataPathAddress ?? '')?.mtu);
        return [network.id, deviceMtus.get(bridgeName(network.id)) ?? wanted];
      }),
    );
    const ways = chosen.flatMap(({ targets }) =>
      targets.map((target): Way => ({ ...target, mtu: mtus.get(target.networkId) ?? 0 })),
    );
    const failures = Map.groupBy(
      (await findFailures(host, ways, signal)).slice(0, failuresMax),
      ({ way }) => way.networkId,
    );
    return chosen.map(({ network, targets, leftOut }) => {
      const { id } = network;
      return NetworkProbe.create({
        networkId: id,
        mtu: mtus.get(id) ?? 0,
        bridge: bridgeName(id),
        vxlan: vxlanName(id),
        udpPorts: network.spec?.isEncrypted === true ? tunnelPorts : [port],
        asked: targets.length,
        leftOut,
        failures: (failures.get(id) ?? []).map(({ failure }) => failure),
      });
    });
  }

  async #lookAtSelf(
    view: NetworkView,
    networkIds: ReadonlySet<string>,
    { vxlans }: HostLinks,
    port: number,
    signal: AbortSignal,
  ): Promise<readonly LocalCheck[]> {
    const { host, overlay, mesh, clock } = this.#options;
    const sockets = await host.sockets();
    // What listens now; rules that cannot be written are another matter.
    await withDeadline(clock, portsWaitMs, 'looking at the ports', mesh.checkPorts()).catch(
      () => undefined,
    );
    const networks = [...view.networks.values()].filter(
      ({ id }) => networkIds.size === 0 || networkIds.has(id),
    );
    const [names, entries] = await Promise.all([
      this.#checkNames(view, networkIds),
      this.#checkEntries(signal),
    ]);
    return [
      {
        name: 'data-path',
        lookedAt: networks.length,
        problems: [
          ...ipv6Problems(networks, host.hasIpv6()),
          ...dataPathProblems(networks, port, vxlans, sockets, overlay.complaint),
        ],
      },
      {
        name: 'ports',
        lookedAt: mesh.publishedCount,
        problems: portProblems(mesh.clashes, sockets),
      },
      names,
      { ...entries, lookedAt: overlay.entryCount + mesh.elementCount },
    ];
  }

  async #checkNames(view: NetworkView, networkIds: ReadonlySet<string>): Promise<LocalCheck> {
    const { host } = this.#options;
    const questions = nameQuestions(view, networkIds, questionsMax);
    const checks = await mapBounded(questions, widthMax, (question) => this.#ask(view, question));
    const gateways = new Set(questions.map(({ server }) => server));
    const resolvers = await host.resolvers(gateways);
    const answering = await mapBounded(resolvers, widthMax, (one) => host.answersNames(one));
    const silent = resolvers.filter((_, i) => answering[i] !== true);
    const known = checks.filter((check) => check !== undefined);
    return {
      name: 'names',
      lookedAt: known.length + resolvers.length,
      problems: [...nameProblems(known), ...resolverProblems(resolvers, silent)],
    };
  }

  /** Asked again where the view may have changed meanwhile; undefined when the service is gone. */
  async #ask(
    view: NetworkView,
    question: ReturnType<typeof nameQuestions>[number],
  ): Promise<NameCheck | undefined> {
    const { host, clock } = this.#options;
    for (let isLast = false; ; isLast = true) {
      const expected = expectedAnswer(view, question);
      if (expected === undefined) return undefined;
      const got = await host.lookUp(question.server, question.name);
      const check: NameCheck = { ...question, expected, got };
      if (isLast || nameProblems([check]).length === 0) return check;
      await sleep(clock, secondLookMs);
    }
  }

  async #checkEntries(signal: AbortSignal): Promise<LocalCheck> {
    const { overlay, mesh, clock } = this.#options;
    const look = (): Promise<readonly [readonly Difference[], readonly string[]]> =>
      Promise.all([overlay.differences(), mesh.differences()]);
    const [links, rules] = await look();
    if (links.length + rules.length === 0) return { name: 'entries', lookedAt: 0, problems: [] };
    await sleep(clock, secondLookMs, signal);
    const [linksAgain, rulesAgain] = await look();
    const before = new Set(rules);
    const problems = entryProblems(
      lasting(links, linksAgain),
      rulesAgain.filter((text) => before.has(text)),
    );
    return { name: 'entries', lookedAt: 0, problems };
  }
}

interface LocalCheck {
  readonly name: string;
  readonly lookedAt: number;
  readonly problems: readonly NetworkProblem[];
}
