import { Pacer } from '#lib';
import type { Clock, Ms } from '#lib';
import type { Node, Task } from '#proto';
import { ClusterView, Meter, scoringOf } from '#scheduler';
import type { ImageIndex, Pause, ScoringConfig } from '#scheduler';
import type { ReadTransaction } from '../store/types.ts';

/** Objects that are read between two turns of the event loop. */
const slice = { itemsMax: 2_000, bytesMax: Infinity } as const;
/** Work between two turns of the event loop, as the scheduler counts it; a few milliseconds. */
const unitsPerSlice = 100_000;

export interface SceneState {
  readonly image: ReadTransaction;
  /** What is known of the images on nodes, only read; undefined: nothing. */
  readonly images: ImageIndex | undefined;
}

/** The cluster at one moment, as the scheduler sees it: a view of its own, to be changed at will. */
export class Scene {
  readonly image: ReadTransaction;
  readonly view: ClusterView;
  readonly scoring: ScoringConfig;
  readonly nowMs: Ms;
  /** When what is done on it pauses. */
  readonly meter: Meter;
  readonly #pacer: Pacer;
  readonly #signal: AbortSignal | undefined;

  private constructor(state: SceneState, clock: Clock, signal: AbortSignal | undefined) {
    const { image } = state;
    this.image = image;
    this.view = new ClusterView(state.images);
    this.nowMs = clock.now();
    this.#pacer = new Pacer(clock, slice);
    this.meter = new Meter(unitsPerSlice, () => this.#pacer.isLate());
    this.#signal = signal;
    let scoring: ScoringConfig | undefined;
    for (const cluster of image.list('cluster')) scoring = scoringOf(cluster.spec?.scheduling);
    this.scoring = scoring ?? scoringOf(undefined);
  }

  /** Reads the whole image, over several turns of the event loop where it is large. */
  static async of(state: SceneState, clock: Clock, signal?: AbortSignal): Promise<Scene> {
    const scene = new Scene(state, clock, signal);
    await scene.#read(state.image);
    return scene;
  }

  async #read(image: ReadTransaction): Promise<void> {
    for (const node of image.list('node')) {
      this.view.setNode(node);
      if (this.#pacer.isFull()) await this.#pacer.pause(this.#signal);
    }
    for (const task of image.list('task')) {
      this.view.setTask(task);
      if (this.#pacer.isFull()) await this.#pacer.pause(this.#signal);
    }
  }

  /** Runs what is done in slices to its end, and lets others run between them. */
  async inSlices<R>(steps: Generator<Pause, R>): Promise<R> {
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      await this.#pacer.pause(this.#signal);
    }
  }

  node(id: string): Node | undefined {
    return id === '' ? undefined : this.image.get('node', id);
  }

  /** Its host name, or the id of one that is gone or has not said. */
  nodeName(id: string): string {
    return this.node(id)?.description?.hostname || id;
  }

  /** As in web.3; with its node for a task of a global service. */
  taskName({ serviceName, slot, nodeId }: Task): string {
    return `${serviceName}.${slot > 0 ? slot : this.nodeName(nodeId)}`;
  }
}
