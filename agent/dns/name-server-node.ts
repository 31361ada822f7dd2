import { readFile } from 'node:fs/promises';
import type { Clock, Logger, Metrics, Ms, Random, Timer } from '#lib';
import { durationBuckets, hasCode } from '#lib';
import type { Task } from '#proto';
import type { NetworkConsumer, ViewSource } from '../network-view/consumer.ts';
import type { NetworkView, ViewChanges } from '../network-view/view.ts';
import { canonical } from './address.ts';
import { decide, reply } from './decide.ts';
import type { Decision } from './decide.ts';
import { Forwarder } from './forwarder-node.ts';
import type { OnMessage } from './listener-node.ts';
import { ListenerSet } from './listener-set-node.ts';
import { ResponseCode, failure } from './message.ts';
import { NameTable, gatewaysOf } from './name-table.ts';
import type { Asker } from './name-table.ts';
import { resolversIn, resolversMax } from './resolvers.ts';

export interface NameServerOptions {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** 53 but in tests. */
  readonly port?: number;
  readonly forwarder?: Forwarder;
  /** Where the host's own name servers stand; the first file that names one counts. */
  readonly resolverPaths?: readonly string[];
}

/** The host's name servers are read again after this. */
const resolversKeptMs: Ms = 5_000;

/** How long an earlier life's memory is not answered from: the managers' word comes sooner if they are there. */
const memoryWaitMs: Ms = 3_000;

/**
 * The name server of one host. Listens on the gateway addresses of this node's networks and answers
 * each task from the names of its own networks; asks the host's name servers, or the task's own,
 * for the rest.
 */
export class NameServer implements NetworkConsumer {
  readonly name = 'names';
  readonly #options: NameServerOptions;
  readonly #table: NameTable;
  readonly #forwarder: Forwarder;
  readonly #answers;
  readonly #took;
  readonly #failures;
  readonly #listeners: ListenerSet;
  #taskOf: (id: string) => Task | undefined = () => undefined;
  #gateways: ReadonlySet<string> = new Set();
  #memoryWait: Timer | undefined;
  #resolvers: { readonly servers: readonly string[]; readonly readAtMs: Ms } | undefined;

  constructor(options: NameServerOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#table = new NameTable(options.nodeId);
    this.#forwarder = options.forwarder ?? new Forwarder();
    this.#answers = metrics.counter(
      'tessera_dns_answers_total',
      'Answers to tasks, by where they came from and by response code.',
      ['source', 'code'],
    );
    this.#took = metrics.histogram(
      'tessera_dns_answer_duration_seconds',
      'How long answers to tasks took.',
      durationBuckets,
      ['source'],
    );
    this.#failures = metrics.counter(
      'tessera_dns_failures_total',
      'Questions that could not be passed on, and addresses that could not be listened on.',
      ['reason'],
    );
    this.#listeners = new ListenerSet({
      ...options,
      port: options.port ?? 53,
      onMessage: (...message) => this.#received(...message),
      onFailure: () => this.#failures.inc({ reason: 'listen' }),
    });
    metrics.observedGauge(
      'tessera_dns_addresses',
      'Gateway addresses on which names are answered.',
      () => this.#listeners.open.length,
    );
    metrics.observedGauge(
      'tessera_dns_forwards_under_way',
      'Questions that other name servers are being asked.',
      () => this.#forwarder.underWay,
    );
  }

  useTasks(taskOf: (id: string) => Task | undefined): void {
    this.#taskOf = taskOf;
  }

  apply(view: NetworkView, changes: ViewChanges, source: ViewSource = 'managers'): Promise<void> {
    this.#table.apply(changes);
    if (source === 'memory')
      this.#memoryWait = this.#options.clock.after(memoryWaitMs, () => this.#listen());
    else this.#memoryWait?.cancel();
    if (changes.networks.length > 0) {
      const networks = [...view.networks.values()].filter(({ isIngress }) => !isIngress);
      this.#gateways = new Set(networks.flatMap(gatewaysOf));
    }
    if (source === 'managers') this.#listen();
    // Names are as the view from here on, whether the bridges are there yet or not.
    return Promise.resolve();
  }

  /** Where it listens now. */
  get listening(): readonly { readonly address: string; readonly port: number }[] {
    return this.#listeners.open;
  }

  close(): void {
    this.#memoryWait?.cancel();
    this.#listeners.want(new Set());
  }

  #listen(): void {
    this.#listeners.want(this.#gateways);
  }

  #received(...[bytes, source, isUdp, answer]: Parameters<OnMessage>): void {
    const beganAtMs = this.#options.clock.monotonic();
    const send = (decision: Decision, from: 'networks' | 'forwarded'): void => {
      if (decision.kind !== 'answer') return;
      answer(decision.message);
      this.#count(from, decision.code, beganAtMs);
    };
    const decision = decide(bytes, source, isUdp, this.#table);
    if (decision.kind !== 'forward') {
      send(decision, 'networks');
      return;
    }
    this.#forward(bytes, decision.asker, isUdp).then(
      (message) => {
        answer(message);
        this.#count('forwarded', (message[3] ?? 0) & 15, beganAtMs);
      },
      (error: unknown) => {
        const isMany = hasCode(error, 'LIMIT_EXCEEDED');
        this.#failures.inc({ reason: isMany ? 'too_many' : 'no_answer' });
        send(reply(decision.query, failure(ResponseCode.SERVFAIL), isUdp), 'forwarded');
      },
    );
  }

  async #forward(bytes: Uint8Array, { taskId }: Asker, isUdp: boolean): Promise<Uint8Array> {
    const asked = this.#taskOf(taskId)?.spec?.dns?.nameservers ?? [];
    const own = asked.filter((server) => canonical(server) !== undefined).slice(0, resolversMax);
    const servers = own.length > 0 ? own : await this.#hostResolvers();
    return this.#forwarder.ask(bytes, servers, isUdp, taskId);
  }

  async #hostResolvers(): Promise<readonly string[]> {
    const { clock, resolverPaths } = this.#options;
    const nowMs = clock.monotonic();
    if (this.#resolvers !== undefined && nowMs - this.#resolvers.readAtMs < resolversKeptMs)
      return this.#resolvers.servers;
    const own = new Set([...this.#gateways].map((address) => canonical(address) ?? address));
    let servers: readonly string[] = [];
    for (const path of resolverPaths ?? ['/etc/resolv.conf']) {
      const text = await readFile(path, 'utf8').catch(() => '');
      servers = resolversIn(text, own);
      if (servers.length > 0) break;
    }
    this.#resolvers = { servers, readAtMs: nowMs };
    return servers;
  }

  #count(source: 'networks' | 'forwarded', code: number, beganAtMs: Ms): void {
    this.#answers.inc({ source, code: codeNames.get(code) ?? 'other' });
    this.#took.observe((this.#options.clock.monotonic() - beganAtMs) / 1000, { source });
  }
}

const codeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(ResponseCode).map(([name, code]) => [code, name.toLowerCase()]),
);
