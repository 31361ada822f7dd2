import test from 'ava';
import protobuf from 'protobufjs';
import { readFileSync } from 'node:fs';
import * as wire from '#proto';

const task = wire.Task.create({
  id: 'abc',
  meta: wire.Meta.create({ version: 2 ** 40 + 1, createdAtMs: 1_700_000_000_000 }),
  slot: 3,
  desiredState: wire.TaskState.RUNNING,
  labels: { a: '1', b: '' },
  spec: wire.TaskSpec.create({
    containers: [
      wire.ContainerSpec.create({ image: 'web:1', args: ['x', ''], stopGracePeriodMs: 0 }),
    ],
  }),
  status: wire.TaskStatus.create({
    containers: [wire.ContainerStatus.create({ name: 'main', exitCode: -1 })],
  }),
});

test('a message survives encoding and decoding', (t) => {
  t.deepEqual(wire.Task.decode(wire.Task.encode(task)), task);
});

test('an unset optional field stays apart from one set to zero', (t) => {
  const unset = wire.ContainerSpec.decode(wire.ContainerSpec.encode(wire.ContainerSpec.create()));
  t.is(unset.stopGracePeriodMs, undefined);
  t.is(wire.Task.decode(wire.Task.encode(task)).spec?.containers[0]?.stopGracePeriodMs, 0);
});

test('a oneof decodes to the member that was set', (t) => {
  const spec = wire.ServiceSpec.create({
    name: 'web',
    mode: { kind: 'replicated', replicated: wire.ReplicatedMode.create({ replicas: 3 }) },
  });
  t.deepEqual(wire.ServiceSpec.decode(wire.ServiceSpec.encode(spec)).mode, spec.mode);
});

test('the bytes are those of protobufjs itself', (t) => {
  const root = new protobuf.Root();
  protobuf.parse(readFileSync('proto/tessera/v1/objects.proto', 'utf8'), root);
  const type = root.lookupType('tessera.v1.Task');
  const decoded = type.toObject(type.decode(wire.Task.encode(task)), { longs: Number });
  t.is(decoded['id'], 'abc');
  t.is(decoded['meta'].version, 2 ** 40 + 1);
  t.is(decoded['status'].containers[0].exitCode, -1);
  t.deepEqual(decoded['labels'], { a: '1', b: '' });
  t.deepEqual(wire.Task.decode(type.encode(type.create(decoded)).finish()), task);
});

test('an integer past 2^53 is refused on both sides', (t) => {
  const meta = { ...wire.Meta.create(), version: 2 ** 53 };
  t.throws(() => wire.Meta.encode(meta), { message: /version: .* 2\^53/ });
  const bytes = Uint8Array.from([8, ...Array.from({ length: 9 }, () => 255), 1]);
  t.throws(() => wire.Meta.decode(bytes), { message: /version/ });
});

test('a key that would reach the prototype is dropped', (t) => {
  const entry = protobuf.Writer.create().uint32(10).string('__proto__').uint32(18).string('x');
  const bytes = protobuf.Writer.create().uint32(90).bytes(entry.finish()).finish();
  t.deepEqual(Object.keys(wire.Task.decode(bytes).labels), []);
});

test('JSON for people names enums and leaves out what is empty', (t) => {
  t.deepEqual(wire.toJson(wire.Task, wire.Task.create({ id: 'a', desiredState: 512 })), {
    id: 'a',
    slot: 0,
    specVersion: 0,
    desiredState: 'RUNNING',
    runNotBeforeMs: 0,
    restartCount: 0,
    assignedAtMs: 0,
  });
});
