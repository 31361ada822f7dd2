import { readdir } from 'node:fs/promises';
import prometheus from 'prom-client';
import type { Metrics } from './metrics.ts';

export interface PrometheusMetrics extends Metrics {
  /** The text a scrape answers. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** Those of prom-client that list every connection, in one piece: tens of milliseconds at each scrape with 10,000 agents. */
const listing = ['active_handles', 'active_requests', 'active_resources'].map(
  (name) => `nodejs_${name}`,
);
/** Gauges of it that are named like counters, too: `promtool check metrics` refuses them. */
const leftOut = [...listing, ...listing.map((name) => `${name}_total`)];

/** A registry of its own, with the process' figures (memory, event-loop delay) under `tessera_`. */
export function prometheusMetrics(): PrometheusMetrics {
  const registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry, prefix: 'tessera_' });
  for (const name of leftOut) registry.removeSingleMetric(`tessera_${name}`);
  countOpenFiles(registry);
  const readers = new Map<string, () => number>();
  const registers = [registry];
  const once = <T>(name: string, make: () => unknown): T =>
    (registry.getSingleMetric(name) ?? make()) as T;
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter(name, help, labelNames = []) {
      const metric = once<prometheus.Counter>(
        name,
        () => new prometheus.Counter({ name, help, labelNames: [...labelNames], registers }),
      );
      return { inc: (labels = {}, value = 1) => metric.inc(labels, value) };
    },
    gauge(name, help, labelNames = []) {
      const metric = once<prometheus.Gauge>(
        name,
        () => new prometheus.Gauge({ name, help, labelNames: [...labelNames], registers }),
      );
      return { set: (value, labels = {}) => metric.set(labels, value) };
    },
    observedGauge(name, help, read) {
      readers.set(name, read);
      once(
        name,
        () =>
          new prometheus.Gauge({
            name,
            help,
            registers,
            collect() {
              this.set((readers.get(name) ?? read)());
            },
          }),
      );
    },
    histogram(name, help, buckets, labelNames = []) {
      const metric = once<prometheus.Histogram>(
        name,
        () =>
          new prometheus.Histogram({
            name,
            help,
            buckets: [...buckets],
            labelNames: [...labelNames],
            registers,
          }),
      );
      return { observe: (value, labels = {}) => metric.observe(labels, value) };
    },
  };
}

/** As prom-client's gauge of that name, but counted while the event loop goes on. */
function countOpenFiles(registry: prometheus.Registry): void {
  const name = 'tessera_process_open_fds';
  registry.removeSingleMetric(name);
  new prometheus.Gauge({
    name,
    help: 'Number of open file descriptors.',
    registers: [registry],
    async collect() {
      try {
        // One of them is the directory that is read.
        this.set((await readdir('/proc/self/fd')).length - 1);
      } catch {
        // No file can be opened any more, say: this one is not known, and all others are told.
        this.set(NaN);
      }
    },
  });
}
