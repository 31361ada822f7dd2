import test from 'ava';
import fc from 'fast-check';
import { ContainerSpec, TaskSpec } from '#proto';
import type { Task } from '#proto';
import { ClusterView, defaultScoring, ImageIndex, place } from '#scheduler';
import { imageName, imageScore } from '#scheduler/image-index';
import { nodeOf, taskOf } from '#test/_support/placement';

const mib = 2 ** 20;

/** Scores by node, for containers with these images; `held` names sizes in MiB by node. */
function scores(
  held: Readonly<Record<string, readonly number[]>>,
  containers: readonly number[],
): readonly number[] {
  const index = new ImageIndex();
  for (const [node, sizes] of Object.entries(held))
    index.set(
      node,
      sizes.map((size) => ({ names: [`gcr.io/${size}`], sizeBytes: size * mib })),
    );
  const scorer = index.scorer(
    containers.map((size) => `gcr.io/${size}:latest`),
    Object.keys(held).length,
  );
  return Object.keys(held).map((node) => scorer?.(node) ?? 0);
}

const cases = [
  ['40 and 250: the small one is worth nothing', { a: [40], b: [250] }, [40, 250], [0, 5]],
  ['40 and 300, both on one node', { a: [40, 300], b: [] }, [40, 300], [7, 0]],
  ['10 and 2000: one node has the large one', { a: [2000], b: [10] }, [10, 2000], [49, 0]],
  [
    'a third, empty node makes it worth less',
    { a: [2000], b: [10], c: [] },
    [10, 2000],
    [32, 0, 0],
  ],
  ['more than the most is the most', { a: [4000], b: [4000] }, [4000], [100, 100]],
  ['nobody has it', { a: [1], b: [] }, [500], [0, 0]],
] as const;

for (const [title, held, containers, expected] of cases)
  test(`1.7: ${title}`, (t) => {
    t.deepEqual(scores(held, containers), expected);
  });

test('1.7: the formula with one container is that of older versions', (t) => {
  t.is(imageScore((250 * mib) / 2, 1), 10);
  t.is(imageScore((340 * mib) / 2, 1), 15);
  t.is(imageScore((2010 * mib) / 2, 1), 100);
  t.is(imageScore((2000 * mib) / 3, 1), 65);
});

test('1.7: a name without a tag is that of latest; a port is no tag; a digest is kept', (t) => {
  t.is(imageName('gcr.io:5000/root'), 'gcr.io:5000/root:latest');
  t.is(imageName('root'), 'root:latest');
  t.is(imageName('root:v1'), 'root:v1');
  t.is(imageName('gcr.io:5000/root@sha256:ab'), 'gcr.io:5000/root@sha256:ab');
  t.is(imageName('docker.io/library/busybox'), 'busybox:latest');
  t.is(imageName('docker.io/team/app:1'), 'team/app:1');
});

const taskWith = (image: string): Task => {
  const task = taskOf('t1', { cpus: 0.1 });
  const containers = [ContainerSpec.create({ image })];
  return { ...task, spec: TaskSpec.create({ ...task.spec, containers }) };
};

test('of nodes that are as good otherwise the one with the image is taken', (t) => {
  const images = new ImageIndex();
  const view = new ClusterView(images);
  for (const id of ['n1', 'n2', 'n3']) view.setNode(nodeOf(id));
  images.set('n3', [{ names: ['web:1'], sizeBytes: 900 * mib }]);
  const scoring = { ...defaultScoring, strategy: 'spread' } as const;
  const task = taskWith('docker.io/library/web:1');
  t.is(place(view, [task], { nowMs: 0, scoring }).placed[0]?.nodeId, 'n3');
  view.removeTask('t1');
  const weights = { ...scoring.weights, imageLocality: 0 };
  const unweighted = { ...scoring, weights };
  t.is(place(view, [task], { nowMs: 0, scoring: unweighted }).placed[0]?.nodeId, 'n1');
});

test('with the default strategy tasks lie evenly, whoever has the image', (t) => {
  const images = new ImageIndex();
  const view = new ClusterView(images);
  for (const id of ['n1', 'n2']) view.setNode(nodeOf(id));
  images.set('n2', [{ names: ['web:1'], sizeBytes: 900 * mib }]);
  t.is(place(view, [taskWith('web:1')], { nowMs: 0 }).placed[0]?.nodeId, 'n1');
});

test('whatever is said in whatever order, the index equals one made of the last words', (t) => {
  const word = fc.record({
    node: fc.constantFrom('a', 'b', 'c'),
    sizes: fc.array(fc.constantFrom(30, 300, 3000), { maxLength: 3 }),
    isGone: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      const index = new ImageIndex();
      const last = new Map<string, readonly number[]>();
      const heldOf = (sizes: readonly number[]) =>
        sizes.map((size) => ({ names: [`i${size}`], sizeBytes: size * mib }));
      for (const { node, sizes, isGone } of words) {
        if (isGone) index.remove(node);
        else index.set(node, heldOf(sizes));
        last.set(node, isGone ? [] : sizes);
      }
      const fresh = new ImageIndex();
      for (const [node, sizes] of last) fresh.set(node, heldOf(sizes));
      const wanted = ['i30', 'i300', 'i3000'];
      for (const node of ['a', 'b', 'c'])
        t.is(index.scorer(wanted, 3)?.(node) ?? 0, fresh.scorer(wanted, 3)?.(node) ?? 0);
    }),
    { seed: 17, numRuns: 300 },
  );
});
