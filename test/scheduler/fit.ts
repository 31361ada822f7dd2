import test from 'ava';
import { ContainerSpec, Protocol, TaskSpec, TaskState } from '#proto';
import type { PortConfig } from '#proto';
import { explain } from '#scheduler';
import { hostPort, nodeOf, taskOf, viewOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

const { TCP, UDP } = Protocol;
const noPorts =
  "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
const port = (number: number, ip = '', protocol: Protocol = TCP): PortConfig =>
  hostPort(number, protocol, ip);

const ports: readonly (readonly [string, readonly PortConfig[], readonly PortConfig[], boolean])[] =
  [
    ['no host ports: nothing is asked', [port(8080)], [], true],
    [
      'UDP 8080 beside TCP 8080 of one address',
      [port(8080, '127.0.0.1', UDP)],
      [port(8080, '127.0.0.1')],
      true,
    ],
    ['one port of two addresses', [port(8080, '127.0.0.1')], [port(8080, '127.0.0.2')], true],
    ['one port of one address', [port(8080, '127.0.0.1')], [port(8080, '127.0.0.1')], false],
    ['0.0.0.0 before 127.0.0.1', [port(8001, '0.0.0.0')], [port(8001, '127.0.0.1')], false],
    ['127.0.0.1 before 0.0.0.0', [port(8001, '127.0.0.1')], [port(8001, '0.0.0.0')], false],
    ['0.0.0.0 and no address are the same', [port(8001, '0.0.0.0')], [port(8001)], false],
    [':: and 127.0.0.1', [port(8001, '::')], [port(8001, '127.0.0.1')], false],
    ['0.0.0.0 of UDP and of TCP', [port(8001, '0.0.0.0', UDP)], [port(8001, '0.0.0.0')], true],
    ['any one of several is enough', [port(1), port(2)], [port(3), port(2)], false],
    ['several that are all free', [port(1), port(2)], [port(3), port(4)], true],
  ];
for (const [name, held, wanted, isFree] of ports) {
  test(`1.6: ${name}: ${isFree ? 'fits' : 'does not fit'}`, (t) => {
    const old = taskOf('old', { service: 'o', nodeId: 'n', state: TaskState.RUNNING, ports: held });
    const view = viewOf([nodeOf('n')], [old]);
    const { fitting, summary } = explain(view, taskOf('t', { ports: wanted }));
    t.is(fitting.length === 1, isFree);
    if (!isFree) t.is(summary, noPorts);
    // When its task is gone, everything is free again.
    view.removeTask('old');
    t.is(explain(view, taskOf('t', { ports: wanted })).fitting.length, 1);
  });
}

const gib = 2 ** 30;
const node = nodeOf('n', { cpus: 2, memoryBytes: 4 * gib, generic: { gpu: 3 } });
const fits: readonly (readonly [string, TaskShape, TaskShape, string | undefined])[] = [
  [
    'case 1: what reserves nothing fits on an overbooked node',
    { cpus: 9, memoryBytes: 9 * gib },
    {},
    undefined,
  ],
  ['exactly what is left fits', { cpus: 1 }, { cpus: 1, memoryBytes: 4 * gib }, undefined],
  ['more than is left does not', { cpus: 1 }, { cpus: 1.001 }, '1 Insufficient cpu'],
  ['a kind that is not asked for is not looked at', { cpus: 9 }, { memoryBytes: gib }, undefined],
  [
    'all that is short is told',
    { cpus: 1, memoryBytes: gib, generic: { gpu: 1 } },
    { cpus: 2, memoryBytes: 4 * gib, generic: { gpu: 3 } },
    '1 Insufficient cpu, 1 Insufficient gpu, 1 Insufficient memory',
  ],
  ['devices the node does not have', {}, { generic: { fpga: 1 } }, '1 Insufficient fpga'],
  ['limits are not looked at', {}, { cpus: 2 }, undefined],
];
test('1.5 cases 3 and 5: a task reserves as a whole, its init containers nothing of their own', (t) => {
  const initContainers = [1, 2, 3].map((at) => ContainerSpec.create({ name: `init-${at}` }));
  const asked = taskOf('t', { cpus: 0.001, generic: { gpu: 3 } });
  const task = { ...asked, spec: { ...TaskSpec.create(), ...asked.spec, initContainers } };
  const old = taskOf('old', { service: 'o', nodeId: 'n', cpus: 1.999, state: TaskState.RUNNING });
  t.deepEqual(explain(viewOf([node], [old]), task).fitting, ['n']);
});

for (const [name, held, asked, why] of fits) {
  test(`1.5: ${name}`, (t) => {
    const old = taskOf('old', { ...held, service: 'o', nodeId: 'n', state: TaskState.RUNNING });
    const { summary, fitting } = explain(viewOf([node], [old]), taskOf('t', asked));
    if (why === undefined) t.deepEqual(fitting, ['n']);
    else t.is(summary, `0/1 nodes are available: ${why}.`);
  });
}
