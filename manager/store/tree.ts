import BTreeModule from 'sorted-btree';

const BTree = BTreeModule.default;
/** Ordered by key; `clone` is O(1), and clones share what neither has changed since. */
export type Tree<V> = InstanceType<typeof BTree<string, V>>;

const nodeSize = 64;
const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const newTree = <V>(): Tree<V> => new BTree<string, V>(undefined, ascending, nodeSize);
