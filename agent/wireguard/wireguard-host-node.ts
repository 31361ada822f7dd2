import { existsSync } from 'node:fs';
import { ClusterError, messageOf } from '#lib';
import { runCommand } from '../containerd/command-node.ts';
import { parseSlot, readScript, tableOf } from './device.ts';
import { deviceOf } from './tunnel-address.ts';
import type { WireGuardHost } from './wireguard-host.ts';

/** Peers that one command removes: arguments have a limit. */
const removedMax = 200;
const complaintLengthMax = 300;

/**
 * A group of its own, so that a service manager that ends what its unit left behind passes
 * wireguard-go over.
 */
const leaveGroup = `for at in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -w "$at/cgroup.procs" ] || continue
  mkdir -p "$at/tessera-wireguard" && echo $$ >"$at/tessera-wireguard/cgroup.procs" || :
done 2>/dev/null`;

const makeScript = `device=$1
ip link delete dev "$device" 2>/dev/null
rm -f "/var/run/wireguard/$device.sock"
command -v wg >/dev/null || {
  echo "the program wg is not there: install Debian's wireguard-tools"
  exit 1
}
[ -e /proc/sys/net/ipv6 ] || {
  echo "this kernel was started without IPv6, which tunnels use within: remove ipv6.disable=1"
  exit 1
}
if ! ip link add name "$device" type wireguard 2>/dev/null; then
  command -v wireguard-go >/dev/null || {
    echo "neither the kernel nor wireguard-go is there: install Debian's wireguard-go"
    exit 1
  }
  [ -c /dev/net/tun ] || {
    echo "the kernel has no WireGuard, and no /dev/net/tun for wireguard-go"
    exit 1
  }
  ${leaveGroup}
  cd /
  said=$(mktemp)
  LOG_LEVEL=error setsid wireguard-go "$device" </dev/null >"$said" 2>&1 || {
    echo "wireguard-go: $(grep -i error "$said" | tail -n 1)"
    rm -f "$said"
    exit 1
  }
  rm -f "$said"
fi
echo 0 >"/proc/sys/net/ipv6/conf/$device/disable_ipv6" 2>/dev/null
cat | wg setconf "$device" /dev/stdin
`;

/** Routes first: what the kernel remembers of them leaves by the other tunnel then. */
const removeScript = `device=$1 table=$2
while ip -6 rule delete table "$table" 2>/dev/null; do :; done
ip -6 route flush table "$table" 2>/dev/null
ip link delete dev "$device" 2>/dev/null
rm -f "/var/run/wireguard/$device.sock"
rmdir /sys/fs/cgroup/tessera-wireguard /sys/fs/cgroup/*/tessera-wireguard 2>/dev/null
exit 0
`;

/** Without what may be a key: tools repeat what they do not understand. */
const readable = (text: string): string =>
  text
    .replaceAll(/[A-Za-z0-9+/]{42,}=*/g, '(key)')
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(0, complaintLengthMax);

/** This network namespace's. */
export function kernelWireGuard(): WireGuardHost {
  const run = async (argv: readonly string[], stdin = ''): Promise<string> => {
    const { stdout, stderr, exitCode } = await runCommand(argv, { stdin });
    if (exitCode === 0) return stdout;
    throw new ClusterError('RUNTIME_ERROR', readable(`${stdout}${stderr}`) || `${argv[0]} failed`);
  };
  return {
    async read(slot) {
      const { stdout } = await runCommand(['sh', '-s'], { stdin: readScript(slot) });
      try {
        return parseSlot(stdout);
      } catch (error) {
        const text = `reading ${deviceOf(slot)} back: ${messageOf(error)}`;
        throw new ClusterError('RUNTIME_ERROR', text, { cause: error });
      }
    },

    async uplinkMtu(address) {
      const { stdout } = await runCommand(['ip', '-json', 'address', 'show', 'to', address]);
      const found: unknown = JSON.parse(stdout.trim() || '[]');
      const [link] = Array.isArray(found) ? (found as { readonly mtu?: number }[]) : [];
      return link?.mtu;
    },

    async make(slot, config) {
      await run(['sh', '-c', makeScript, 'sh', deviceOf(slot)], config);
    },

    async remove(slot) {
      await run(['sh', '-c', removeScript, 'sh', deviceOf(slot), String(tableOf(slot))]);
    },

    async route(lines) {
      if (lines.length > 0) await run(['ip', '-6', '-batch', '-'], `${lines.join('\n')}\n`);
    },

    async changePeers(slot, added, removed) {
      const device = deviceOf(slot);
      for (let at = 0; at < removed.length; at += removedMax) {
        const keys = removed.slice(at, at + removedMax).flatMap((key) => ['peer', key, 'remove']);
        await run(['wg', 'set', device, ...keys]);
      }
      const script = 'cat | wg addconf "$1" /dev/stdin';
      if (added !== '') await run(['sh', '-c', script, 'sh', device], added);
    },

    isThere: (slot) => existsSync(`/sys/class/net/${deviceOf(slot)}`),
  };
}
