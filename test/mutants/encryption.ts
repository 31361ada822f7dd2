/** Bugs by which packets of encrypted networks would go in clear, or be lost while keys change. */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const keys = ava('test/agent/wireguard/keys.ts');
const tunnels = ava('test/agent/wireguard/wireguard.ts');
const overlay = ava('test/agent/overlay/encrypted.ts');
const told = ava('test/manager/dispatcher/networks.ts');

export const encryptionMutants: readonly Mutant[] = [
  {
    name: 'a-node-without-a-key-is-sent-to-in-clear',
    breaks: 'frames of an encrypted network go to tunnels, or nowhere',
    edits: [
      {
        file: 'agent/overlay/overlay-plan.ts',
        find: 'return isEncrypted(network) ? tunnelAddressOf(host.tunnelKeys) : host.dataPathAddress;',
        replace:
          'return (isEncrypted(network) ? tunnelAddressOf(host.tunnelKeys) : undefined) ?? host.dataPathAddress;',
      },
    ],
    suite: overlay,
  },
  {
    name: 'an-encrypted-network-without-a-tunnel-stands-in-clear',
    breaks: 'a host without WireGuard has no device of an encrypted network',
    edits: [
      {
        file: 'agent/overlay/network-plan.ts',
        find: 'const isSealed = isEncrypted(network);',
        replace: "const isSealed = isEncrypted(network) && tunnelAddress !== '';",
      },
    ],
    suite: overlay,
  },
  {
    name: 'tasks-reach-into-tunnels',
    breaks: 'a task cannot send packets of its own making through a tunnel',
    edits: [
      {
        file: 'agent/overlay/rules.ts',
        find: '    `oifname ${tunnels} drop`,\n',
        replace: '',
      },
    ],
    suite: overlay,
  },
  {
    name: 'a-new-key-sends-before-others-know-it',
    breaks: 'at every moment each node takes what another one sends',
    edits: [
      {
        file: 'agent/wireguard/keys.ts',
        find: 'now.toldForMs < now.settleMs',
        replace: 'now.toldForMs < 0',
      },
    ],
    suite: keys,
  },
  {
    name: 'an-old-key-goes-at-once',
    breaks: 'what others still send to the key before is taken',
    edits: [
      {
        file: 'agent/wireguard/keys.ts',
        find: "  if (now.toldForMs === undefined || now.toldForMs < now.settleMs) return 'none';\n  if (other.createdAtMs <= used.createdAtMs) return 'drop-other';\n",
        replace:
          "  if (other.createdAtMs <= used.createdAtMs) return 'drop-other';\n  if (now.toldForMs === undefined || now.toldForMs < now.settleMs) return 'none';\n",
      },
    ],
    suite: keys,
  },
  {
    name: 'a-restarted-agent-makes-its-tunnels-anew',
    breaks: 'a tunnel that is right is left alone',
    edits: [
      {
        file: 'agent/wireguard/wireguard.ts',
        find: 'const isOurs =\n      reading.publicKey === publicKey &&',
        replace: 'const isOurs =\n      this.#up.has(slot) && reading.publicKey === publicKey &&',
      },
    ],
    suite: tunnels,
  },
  {
    name: 'a-killed-tunnel-is-not-missed',
    breaks: 'a tunnel whose process was killed is there again within seconds',
    edits: [
      {
        file: 'agent/wireguard/wireguard.ts',
        find: 'if ([...this.#up].every((slot) => host.isThere(slot))) this.#keepWatch();',
        replace: 'if (this.#up.size > 0) this.#keepWatch();',
      },
    ],
    suite: tunnels,
  },
  {
    name: 'a-changed-key-is-not-told',
    breaks: 'nodes of an encrypted network learn each new key of the others',
    edits: [
      {
        file: 'manager/dispatcher/network-index.ts',
        find: '    !hasSameKeys(node, old)\n',
        replace: '    false\n',
      },
    ],
    suite: told,
  },
];
