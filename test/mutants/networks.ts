/** Bugs by which agents would know other networks than there are, or callers be led astray. */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const told = ava('test/manager/dispatcher/networks.ts');
const holds = ava('test/manager/dispatcher/stop-holds.ts');
const answers = ava('test/agent/dns/answers.ts');
const overlay = ava('test/agent/overlay/overlay.ts');
const gate = ava('test/agent/port-gate.ts');
const probes = ava('test/agent/doctor/reachability.ts');
const diagnosis = ava('test/manager/diagnosing.ts');
const follower = ava('test/agent/network-view/network-follower.ts');

export const networkMutants: readonly Mutant[] = [
  {
    name: 'a-task-is-not-found-by-frames',
    breaks: 'frames find a task before it starts',
    edits: [
      {
        file: 'agent/network/attach-script.ts',
        find: 'tasks.flatMap(({ links }) => links.map(forwardingLine));',
        replace: 'tasks.flatMap(({ links }) => links.slice(1).map(forwardingLine));',
      },
    ],
    suite: ava('test/agent/network/attach-script.ts'),
  },
  {
    name: 'connections-of-tasks-that-are-gone-stay',
    breaks: 'connections of each task that is gone are forgotten, of both families',
    edits: [
      {
        file: 'agent/mesh/mesh-host-node.ts',
        find: 'for (const family of families) {',
        replace: 'for (const family of families.slice(0, 1)) {',
      },
    ],
    suite: ava('test/agent/mesh/forget.ts'),
  },
  {
    name: 'a-shell-outlives-its-command',
    breaks: 'what takes too long is killed with all that it started',
    edits: [
      {
        file: 'agent/containerd/shell-node.ts',
        find: "process.kill(-pid, 'SIGKILL');",
        replace: "process.kill(pid, 'SIGCONT');",
      },
    ],
    suite: ava('test/agent/containerd/shell.ts'),
  },
  {
    name: 'a-lost-ping-is-a-fault',
    breaks: 'the doctor says of no way that it fails because one packet was lost',
    edits: [
      {
        file: 'agent/doctor/reachability.ts',
        find: 'i < tries && left.length > 0',
        replace: 'i < 1 && left.length > 0',
      },
    ],
    suite: probes,
  },
  {
    name: 'any-node-is-the-cause',
    breaks: 'the node with most pairs in trouble is named as their cause',
    edits: [
      {
        file: 'manager/diagnosing/clusters.ts',
        find: 'one[1] > best[1] ||',
        replace: 'one[1] < best[1] ||',
      },
    ],
    suite: diagnosis,
  },
  {
    name: 'packets-for-a-node-without-ipv6',
    breaks: 'nobody is told of IPv6 addresses on a node without IPv6',
    edits: [
      {
        file: 'manager/dispatcher/network-content.ts',
        find: "hasIpv6(node) ? own.addressV6 : ''",
        replace: "node !== undefined ? own.addressV6 : ''",
      },
    ],
    suite: told,
  },
  {
    name: 'memory-takes-back',
    breaks: 'a new agent takes nothing back of what the one before left until the managers speak',
    edits: [
      {
        file: 'agent/overlay/overlay.ts',
        find: 'return this.#isTold || !this.#known.has(key);',
        replace: 'return this.#isTold || key !== "";',
      },
    ],
    suite: overlay,
  },
  {
    name: 'running-before-it-listens',
    breaks: 'a task with published ports is RUNNING once its server listens',
    edits: [
      {
        file: 'agent/task/gate.ts',
        find: 'return look.closed.length === 0 ?',
        replace: 'return look.closed.length >= 0 ?',
      },
    ],
    suite: gate,
  },
  {
    name: 'callers-at-the-door-are-dropped',
    breaks: 'connections that were made are let in before the stop signal',
    edits: [
      {
        file: 'agent/task/gate.ts',
        find: 'return look.waiting === 0 ?',
        replace: 'return look.waiting >= 0 ?',
      },
    ],
    suite: gate,
  },
  {
    name: 'a-node-that-is-back-stops-its-tasks-first',
    breaks: 'a node that was DOWN leads no callers to its old tasks when it stops them',
    edits: [
      {
        file: 'agent/task/gate.ts',
        find: 'return view.mayBeLedTo && isToBeTold(view)',
        replace: 'return view.mayBeLedTo && view.isCleaned && isToBeTold(view)',
      },
    ],
    suite: ava('test/agent/stale-rules.ts'),
  },
  {
    name: 'a-stop-is-told-at-once',
    breaks: 'a task leaves names and rules on every host before it is told to stop',
    edits: [
      {
        file: 'manager/dispatcher/network-feed.ts',
        find: 'if (!this.#holds.has(task.id) || !isToStop(task)) return task;',
        replace: 'if (!isToStop(task) || this.#holds.has(task.id)) return task;',
      },
    ],
    suite: holds,
  },
  {
    name: 'a-node-that-is-given-up-is-waited-for',
    breaks: 'a stop does not wait for an agent that is not there any more',
    edits: [
      {
        file: 'manager/dispatcher/network-feed.ts',
        find: 'this.#holds.gaveUp(nodeId);',
        replace: 'void 0;',
      },
    ],
    suite: holds,
  },
  {
    name: 'a-restarted-agent-is-not-waited-for',
    breaks:
      'no host leads callers to a task that is told to stop, whose agent is away for a moment',
    edits: [
      {
        file: 'manager/dispatcher/network-feed.ts',
        find: 'this.#away.add(nodeId);',
        replace: 'this.#holds.gaveUp(nodeId);',
      },
    ],
    suite: holds,
  },
  {
    name: 'what-an-agent-missed-is-thought-applied',
    breaks: 'an agent that is back is waited for until it has applied what it missed',
    edits: [
      {
        file: 'manager/dispatcher/network-feed.ts',
        find: 'this.#holds.back(nodeId, follower.sequence);',
        replace: 'this.#holds.gaveUp(nodeId);',
      },
    ],
    suite: holds,
  },
  {
    name: 'a-network-that-was-left-is-told-on',
    breaks: 'a node knows the networks that it takes part in, and no others',
    edits: [
      {
        file: 'manager/dispatcher/network-feed.ts',
        find: 'if (!isPart && follower.known.has(id)) {',
        replace: 'if (!isPart && follower.known.has(`${id}/`)) {',
      },
    ],
    suite: told,
  },
  {
    name: 'tasks-of-a-lost-node-go-on-serving',
    breaks: 'nobody is led to a task whose node is down',
    edits: [
      {
        file: 'manager/dispatcher/network-content.ts',
        find: 'node.status?.state !== NodeState.DOWN',
        replace: 'node.status?.state !== NodeState.DISCONNECTED',
      },
    ],
    suite: told,
  },
  {
    name: 'networks-are-said-to-be-applied-too-early',
    breaks: 'an agent says that networks are applied when all of its host has them',
    edits: [
      {
        file: 'agent/network-view/network-follower.ts',
        find: 'if (generation !== this.#generation || outcomes.includes(false)) return;',
        replace: 'if (outcomes.includes(false)) return;',
      },
    ],
    suite: follower,
  },
  {
    name: 'names-of-tasks-outlive-them',
    breaks: 'an address is in no answer once its task serves no more',
    edits: [
      {
        file: 'agent/dns/name-table.ts',
        find: '    if (isServing) {',
        replace: '    if (isServing || slot > 0) {',
      },
    ],
    suite: answers,
  },
  {
    name: 'flows-that-led-nowhere-stay-there',
    breaks: 'a flow of datagrams that began before there was a task is led to the first that comes',
    edits: [
      {
        file: 'agent/mesh/mesh-rules.ts',
        find: "if (door !== 'vip') this.#opened(key);",
        replace: "if (door === 'vip') this.#opened(key);",
      },
    ],
    suite: ava('test/agent/mesh/mesh.ts'),
  },
  {
    name: 'connections-by-two-nodes-are-one',
    breaks: 'connections that two nodes forward are told apart',
    edits: [
      {
        file: 'agent/mesh/mesh-rules.ts',
        find: "this.contents.set('origin_zones', mac, zone);",
        replace: '',
      },
    ],
    suite: ava('test/agent/mesh/mesh-rules.ts'),
  },
  {
    name: 'connections-that-are-over-are-forgotten',
    breaks: 'what a caller may have begun anew is left alone',
    edits: [
      {
        file: 'agent/mesh/gone-flows.ts',
        find: "new Set(['LAST_ACK', 'TIME_WAIT', 'CLOSE'])",
        replace: "new Set(['LAST_ACK', 'CLOSE'])",
      },
    ],
    suite: ava('test/agent/mesh/forget.ts'),
  },
  {
    name: 'connections-end-with-their-address',
    breaks: 'what a task that was given up is at goes on',
    edits: [
      {
        file: 'agent/mesh/mesh.ts',
        find: 'clock.after(partingMs, ',
        replace: 'clock.after(0 * partingMs, ',
      },
    ],
    suite: ava('test/agent/mesh/mesh.ts'),
  },
  {
    name: 'a-new-owner-is-cut-off',
    breaks: 'connections to an address that somebody has again are left alone',
    edits: [
      {
        file: 'agent/mesh/mesh.ts',
        find: 'this.#rules.departures.isLeft(departure, address);',
        replace: 'this.#rules.departures.isLeft(departure, address) || true;',
      },
    ],
    suite: ava('test/agent/mesh/mesh.ts'),
  },
  {
    name: 'an-address-has-one-departure',
    breaks: 'each time that an address is left, its connections have their time',
    edits: [
      {
        file: 'agent/mesh/departures.ts',
        find: 'return this.#last.get(address) === departure;',
        replace: 'return this.#last.has(address) && departure.includes(address);',
      },
    ],
    suite: ava('test/agent/mesh/mesh.ts'),
  },
  {
    name: 'callers-are-led-where-connections-end',
    breaks: 'no caller is led to an address while its connections are forgotten',
    edits: [
      {
        file: 'agent/mesh/mesh.ts',
        find: "await this.#forgetFlows(parted, 'connections');",
        replace: "void this.#forgetFlows(parted, 'connections');",
      },
    ],
    suite: ava('test/agent/mesh/mesh.ts'),
  },
  {
    name: 'backends-go-with-their-number',
    breaks: 'a packet that was led by the number of tasks before a change finds one after it',
    edits: [
      {
        file: 'agent/mesh/table-contents.ts',
        find: 'now === undefined && innerMaps.has(map);',
        replace: 'now === undefined && innerMaps.has(`${map}/`);',
      },
    ],
    suite: ava('test/agent/mesh/mesh-rules.ts'),
  },
  {
    name: 'chains-come-with-what-leads-to-them',
    breaks: 'a packet that is led to a new chain finds its rules',
    edits: [
      {
        file: 'agent/mesh/table-contents.ts',
        find: `      this.#missing().map(partText),
      elementLines(real.filter((change) => !isLate(change))),`,
        replace: `      [
        ...this.#missing().map(partText),
        ...elementLines(real.filter((change) => !isLate(change))),
      ],`,
      },
    ],
    suite: ava('test/agent/mesh/mesh-rules.ts'),
  },
  {
    name: 'a-torn-listing-is-whole',
    breaks: 'what a listing left out is not taken for gone',
    edits: [
      {
        file: 'agent/overlay/read-back.ts',
        find: "*'Dump was interrupted'*) ;; *) break ;;",
        replace: "*'Dump was interrupted'*) out='[]'; break ;; *) break ;;",
      },
    ],
    suite: ava('test/agent/overlay/read-back.ts'),
  },
  {
    name: 'callers-are-led-where-there-is-no-way',
    breaks: 'callers are led to new tasks once there are ways to them',
    edits: [{ file: 'agent/mesh/mesh.ts', find: '      await this.#ways;\n', replace: '' }],
    suite: ava('test/agent/mesh/mesh.ts'),
  },
];
