import type { AffinityTerm, Placement, ServiceAffinity, TaskSelector } from '#proto';

/** The keys in ascending order, so that equal maps encode to equal bytes. */
export function sorted<V>(record: Readonly<Record<string, V>>): Readonly<Record<string, V>> {
  const keys = Object.keys(record).toSorted();
  return Object.fromEntries(keys.map((key) => [key, record[key] as V]));
}

function normaliseSelector(selector: TaskSelector | undefined): TaskSelector | undefined {
  return selector === undefined ? undefined : { ...selector, labels: sorted(selector.labels) };
}

function normaliseTerm(term: AffinityTerm): AffinityTerm {
  return { ...term, selector: normaliseSelector(term.selector) };
}

/** One without any term says nothing, as none does. */
function normaliseAffinity(affinity: ServiceAffinity | undefined): ServiceAffinity | undefined {
  if (affinity === undefined || affinity.required.length + affinity.preferred.length === 0)
    return undefined;
  return {
    required: affinity.required.map(normaliseTerm),
    preferred: affinity.preferred.map((one) => ({
      ...one,
      term: one.term === undefined ? undefined : normaliseTerm(one.term),
    })),
  };
}

export function normalisePlacement(placement: Placement): Placement {
  return {
    ...placement,
    nodeSelector: sorted(placement.nodeSelector),
    affinity: normaliseAffinity(placement.affinity),
    antiAffinity: normaliseAffinity(placement.antiAffinity),
    topologySpread: placement.topologySpread.map((spread) => ({
      ...spread,
      selector: normaliseSelector(spread.selector),
    })),
  };
}
