/** Values that many messages have alike are read once. */
import test from 'ava';
import fc from 'fast-check';
import { ContainerSpec, Meta, Task, TaskSpec } from '#proto';
import { Reader } from '#proto/codec';
import { SharedValues } from '#proto/shared-values';

const taskOf = (image: string, id = 't1'): Task => {
  const containers = [ContainerSpec.create({ image })];
  return Task.create({ id, spec: TaskSpec.create({ containers }) });
};

/** As a field of a message is: its length, then its bytes. */
const framed = (spec: TaskSpec): InstanceType<typeof Reader> => {
  const bytes = TaskSpec.encode(spec);
  const length = [
    (bytes.length & 127) | 128,
    ((bytes.length >>> 7) & 127) | 128,
    bytes.length >>> 14,
  ];
  return Reader.create(Uint8Array.from([...length, ...bytes, 7]));
};

test('tasks whose specs have the same bytes have the same spec', (t) => {
  const first = Task.decode(Task.encode(taskOf('web:1', 'a')));
  const other = Task.decode(Task.encode(taskOf('db:1', 'b')));
  const second = Task.decode(Task.encode(taskOf('web:1', 'c')));
  t.deepEqual(second, taskOf('web:1', 'c'));
  t.deepEqual(other, taskOf('db:1', 'b'));
  t.is(second.spec, first.spec);
  t.not(other.spec, first.spec);
});

test('whatever comes in which order, each message has its own content', (t) => {
  const image = fc.oneof(
    fc.constantFrom('a', 'b', 'c'),
    fc.string({ maxLength: 40 }),
    fc.constant('x'.repeat(9_000)),
  );
  fc.assert(
    fc.property(fc.array(image, { maxLength: 60 }), (images) => {
      const shared = new SharedValues<TaskSpec>();
      for (const one of images) {
        const { spec } = taskOf(one);
        if (spec === undefined) return t.fail('no spec');
        const reader = framed(spec);
        t.deepEqual(
          shared.read(reader, (from, end) => TaskSpec.read(from, end)),
          spec,
        );
        t.is(reader.uint32(), 7, 'what comes behind it is next');
      }
    }),
    { numRuns: 100, seed: 3 },
  );
});

test('a message that is cut off is refused, whether its bytes were read before or not', (t) => {
  const whole = Task.encode(taskOf('cut:1'));
  for (const _ of [1, 2]) {
    for (let length = 5; length < whole.length; length++)
      t.throws(() => Task.decode(whole.subarray(0, length)), { instanceOf: RangeError });
    t.notThrows(() => Task.decode(whole));
  }
});

test('a message that cannot be written leaves nothing behind for the next', (t) => {
  const meta = Meta.create({ version: 2 ** 53 });
  t.throws(() => Task.encode(Task.create({ id: 'unwritable', meta })), { message: /version/ });
  const [first, second] = [Task.encode(taskOf('web:1')), Task.encode(taskOf('web:2'))];
  t.deepEqual(Task.decode(first), taskOf('web:1'), 'nor does the next message change it');
  t.deepEqual(Task.decode(second), taskOf('web:2'));
});
