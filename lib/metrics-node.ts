import prometheus from 'prom-client';
import type { Metrics } from './metrics.ts';

export interface PrometheusMetrics extends Metrics {
  /** The text a scrape answers. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** Gauges of prom-client that are named like counters: `promtool check metrics` refuses them. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** A registry of its own, with the process' figures (memory, event-loop delay) under `tessera_`. */
export function prometheusMetrics(): PrometheusMetrics {
  const registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry, prefix: 'tessera_' });
  for (const name of misnamed) registry.removeSingleMetric(`tessera_${name}`);
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
