import type { NetworkProbe, NetworkProbeFailure, NetworkReport } from '#proto';

/** What came of asking one node. */
export interface NodeAnswer {
  readonly nodeId: string;
  /** Undefined: it did not answer, `error` says why. */
  readonly report: NetworkReport | undefined;
  readonly error: string;
}

/** One failure with where it was seen. */
export interface Seen {
  readonly from: string;
  readonly probe: NetworkProbe;
  readonly failure: NetworkProbeFailure;
}

/** The answers, and what people call things. */
export interface Scene {
  readonly answers: readonly NodeAnswer[];
  readonly reports: ReadonlyMap<string, NetworkReport>;
  /** The host name, with the id where two nodes share it. */
  nodeName(id: string): string;
  networkName(id: string): string;
}

export function failuresOf({ reports }: Scene): readonly Seen[] {
  return [...reports].flatMap(([from, { probes }]) =>
    probes.flatMap((probe) => probe.failures.map((failure) => ({ from, probe, failure }))),
  );
}

const shownMax = 8;

/** Joined with commas; how many are left out when there are many. */
export function joined(names: readonly string[]): string {
  const sorted = [...new Set(names)].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const more = sorted.length - shownMax;
  const shown = sorted.slice(0, shownMax).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
