/** Numbers about the running program as a port. Names follow Prometheus: `tessera_<module>_<what>_<unit>`. */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  /** Adds `value` (default 1, >= 0). */
  inc(labels?: Labels, value?: number): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
}
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Asking twice for the same name gives the same metric. Help is one sentence. */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  /** A gauge whose value is asked for at each scrape, of whoever registered it last. */
  observedGauge(name: string, help: string, read: () => number): void;
  /** `buckets`: upper bounds, ascending, in the unit of the name (seconds, bytes). */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames?: readonly string[],
  ): Histogram;
}

/** Seconds, from a tenth of a millisecond to half a minute. */
export const durationBuckets: readonly number[] = [
  0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

const nothing = { inc: () => undefined, set: () => undefined, observe: () => undefined };

/** Keeps nothing. */
export const silentMetrics: Metrics = {
  counter: () => nothing,
  gauge: () => nothing,
  observedGauge: () => undefined,
  histogram: () => nothing,
};
