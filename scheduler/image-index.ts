/**
 * Which images the nodes hold, and how much of what a task needs a node would not have to fetch. Fed by whoever
 * knows; a node that nobody spoke of holds none. Names are kept once however many nodes have them.
 */
import { scoreMax } from './scores.ts';

export interface HeldImage {
  /** Names of the same image; others than the first few are left out. */
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

/** Images of one node that count, names of one image, and length of a name; the rest is left out. */
export const imagesPerNodeMax = 200;
const namesPerImageMax = 8;
const nameLengthMax = 512;

const mib = 2 ** 20;
/** Less than this counts as nothing; more than the greatest, for each container, as all. */
const worthMinBytes = 23 * mib;
const worthMaxBytes = 1_000 * mib;

/** One way to write a name: without what docker fills in, with the tag that it fills in. */
export function imageName(name: string): string {
  const short = name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '');
  const last = short.slice(short.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? short : `${short}:latest`;
}

/**
 * 0 to 100 for images of this many bytes, each multiplied by the part of all nodes that hold it: an image that few
 * have does not draw every task to them.
 */
export function imageScore(sumBytes: number, containerCount: number): number {
  const max = worthMaxBytes * containerCount;
  const counted = Math.min(Math.max(sumBytes, worthMinBytes), max);
  return Math.trunc((scoreMax * (counted - worthMinBytes)) / (max - worthMinBytes));
}

interface Known {
  readonly name: string;
  sizeBytes: number;
  nodeCount: number;
}

/** Gives 0 to 100 for a node. */
export type ImageScorer = (nodeId: string) => number;

export class ImageIndex {
  readonly #images = new Map<string, Known>();
  readonly #byNode = new Map<string, readonly Known[]>();

  /** All that the node holds now. */
  set(nodeId: string, held: readonly HeldImage[]): void {
    const before = this.#byNode.get(nodeId) ?? [];
    const now = new Set<Known>();
    for (const { names, sizeBytes } of held.slice(0, imagesPerNodeMax))
      for (const name of names.slice(0, namesPerImageMax)) {
        if (name.length > nameLengthMax) continue;
        const known = this.#known(imageName(name));
        known.sizeBytes = sizeBytes;
        now.add(known);
      }
    for (const known of now) known.nodeCount++;
    this.#release(before);
    if (now.size === 0) this.#byNode.delete(nodeId);
    else this.#byNode.set(nodeId, [...now]);
  }

  remove(nodeId: string): void {
    this.#release(this.#byNode.get(nodeId) ?? []);
    this.#byNode.delete(nodeId);
  }

  clear(): void {
    this.#images.clear();
    this.#byNode.clear();
  }

  /** For a task with these images, one for each container; undefined when no node holds any of them. */
  scorer(images: readonly string[], nodeCount: number): ImageScorer | undefined {
    const wanted = images.flatMap((name) => this.#images.get(imageName(name)) ?? []);
    if (wanted.length === 0 || nodeCount === 0) return undefined;
    return (nodeId) => {
      const held = this.#byNode.get(nodeId);
      if (held === undefined) return 0;
      let sum = 0;
      for (const known of wanted)
        if (held.includes(known))
          sum += Math.trunc((known.sizeBytes * Math.min(known.nodeCount, nodeCount)) / nodeCount);
      return imageScore(sum, images.length);
    };
  }

  #known(name: string): Known {
    const known = this.#images.get(name) ?? { name, sizeBytes: 0, nodeCount: 0 };
    this.#images.set(name, known);
    return known;
  }

  #release(images: readonly Known[]): void {
    for (const known of images) {
      known.nodeCount--;
      if (known.nodeCount === 0) this.#images.delete(known.name);
    }
  }
}
