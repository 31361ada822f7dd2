/**
 * What becomes of packets that are on their way through the mesh's table while it changes: the kernel shows a
 * transaction to all at once, but a packet may read one map before it and the next one after. Which rules a chain has
 * is settled when the packet comes to the table.
 */
import type { Table } from './mesh-table.ts';

const doors = ['vip4', 'vip6', 'port4', 'port6', 'address_port4', 'address_port6'];
const readsMax = 4;

/** The ways through doors that end nowhere when the table changes from one to the other on the way. */
export function tornReads(before: Table, after: Table): readonly string[] {
  const torn: string[] = [];
  for (const door of doors)
    for (const key of new Set([before, after].flatMap(({ elements }) => keysOf(elements, door))))
      for (let readsBefore = 0; readsBefore < readsMax; readsBefore++) {
        const read = (nth: number, map: string, wanted: string): string | undefined =>
          (nth < readsBefore ? before : after).elements.get(map)?.get(wanted);
        const isThere = (chain: string): boolean => before.kinds.has(chain);
        torn.push(...deadEnds(door, key, read, isThere).map((end) => `${door} ${key}: ${end}`));
      }
  return torn;
}

const keysOf = (elements: Table['elements'], door: string): readonly string[] => [
  ...(elements.get(door)?.keys() ?? []),
];

function deadEnds(
  door: string,
  key: string,
  read: (nth: number, map: string, wanted: string) => string | undefined,
  isThere: (chain: string) => boolean,
): readonly string[] {
  const verdict = read(0, door, key);
  // Nothing leads there yet, or any more.
  if (verdict === undefined) return [];
  const isAffine = verdict.includes('_affinity_');
  const draw = isAffine ? read(1, `${door}_draws`, key) : verdict;
  if (draw === undefined) return ['draws nothing'];
  const empty = [verdict, draw].filter((said) => !isThere(said.split(' ')[1] ?? ''));
  if (empty.length > 0) return empty.map((said) => `${said}, which is empty`);
  const numbers = [...Array(Number(/_of_(\d+)$/.exec(draw)?.[1])).keys()];
  return numbers
    .flatMap((i) => {
      if (!isAffine) return read(1, `${door}_backends`, `${key} . ${i}`) ?? `no backend ${i}`;
      const mark = read(2, `${door}_marks`, `${key} . ${i}`);
      if (mark === undefined) return `no mark ${i}`;
      return read(3, `${door}_by_mark`, `${key} . ${mark}`) ?? `no backend of mark ${mark}`;
    })
    .filter((end) => end.startsWith('no '));
}
