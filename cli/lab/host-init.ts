/**
 * Process 1 of a lab host, a shell script: it makes the host's own view of the machine (/run,
 * /sys, cgroups, data folders, network), then keeps containerd and tesserad running, as a real
 * host's init would. Killing it is a power cut: the kernel ends every process of its pid
 * namespace, and the mounts and the network go with their namespaces.
 */

/** The part that runs outside: enters the host's cgroups, then its namespaces. */
export const launchScript = `
for file in $TESSERA_LAB_CGROUPS; do echo $$ >"$file" || exit 1; done
unset TESSERA_LAB_CGROUPS
exec unshare --mount --uts --ipc --net --pid --cgroup --fork --propagation private "$@"
`;

/**
 * Arguments: marker, host name, folder of the host, hosts file, address with prefix length,
 * gateway, IPv6 address with prefix length, tesserad's path (empty = none), tesserad's arguments.
 */
export const initScript = `#!/bin/sh
set -eu
marker=$1 name=$2 dir=$3 hosts=$4 address=$5 gateway=$6 address6=$7 tesserad=$8
shift 8
mount --make-rprivate /
hostname "$name"
mount -t proc proc /proc

# A /sys of this network namespace, and the cgroup hierarchies as this cgroup namespace sees them.
cgroups=$(while read -r _ _ _ _ at _ rest; do
  case $at in /sys/fs/cgroup*) echo "$at \${rest#*- }" ;; esac
done </proc/self/mountinfo)
mount -t sysfs sysfs /sys
echo "$cgroups" | while read -r at type _ options; do
  case $type in
  tmpfs)
    mount -t tmpfs -o mode=755 tmpfs "$at"
    ;;
  cgroup)
    mkdir -p "$at"
    mount -t cgroup -o "$(echo ",$options," | sed 's/,rw,/,/; s/^,//; s/,$//')" cgroup "$at"
    base=\${at##*/}
    for one in $(echo "$base" | tr , ' '); do
      [ -e "/sys/fs/cgroup/$one" ] || ln -s "$base" "/sys/fs/cgroup/$one"
    done
    ;;
  cgroup2)
    mkdir -p "$at"
    mount -t cgroup2 cgroup2 "$at"
    # With version 2 alone, a group that has children with controllers may hold no process itself.
    if [ "$at" = /sys/fs/cgroup ]; then
      mkdir -p "$at/init"
      for pid in $(cat "$at/cgroup.procs"); do echo "$pid" >"$at/init/cgroup.procs" || :; done
      for one in $(cat "$at/cgroup.controllers"); do
        echo "+$one" >"$at/cgroup.subtree_control" || :
      done
    fi
    ;;
  esac
done

mkdir -p /var/lib/containerd /var/lib/tessera
mount --bind "$dir/containerd" /var/lib/containerd
mount --bind "$dir/tessera" /var/lib/tessera
mount --bind "$hosts" /etc/hosts
mount --bind "$dir/run" /run
mkdir -p /run/lock /run/lab /run/tessera
mount --bind /run/lock /var/lock 2>/dev/null || :

ip link set lo up
tries=0
until ip link show eth0 >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 1000 ] || { echo "eth0 never came"; exit 1; }
  sleep 0.02
done
ip address add "$address" dev eth0
ip link set eth0 up
ip route add default via "$gateway"
sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.disable_ipv6=0 2>/dev/null || :
ip -6 address add "$address6" dev eth0 nodad || :

cat >/run/lab/containerd.toml <<'END'
version = 2
oom_score = 0
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
]
END

# Runs a daemon again when it ends, as a service manager does.
keep() {
  daemon=$1
  shift
  while :; do
    "$@" >>"$dir/$daemon.log" 2>&1 &
    echo $! >"/run/lab/$daemon.pid"
    wait $! || :
    sleep 0.5
  done
}
keep containerd containerd --config /run/lab/containerd.toml &
[ -z "$tesserad" ] || keep tesserad "$tesserad" "$@" &
: >/run/lab/booted
while :; do wait || :; done
`;
