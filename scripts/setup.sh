#!/bin/sh
# Brings what Tessera needs to a Debian 12 machine: Debian packages and the npm packages of the lock
# file, among them the pinned Node. Does only what is missing; may be run again and again.
set -eu
cd "$(dirname "$0")/.."

started=$(date +%s)
say() { echo "setup: $*"; }

missing() {
  while read -r command package; do
    command -v "$command" >/dev/null 2>&1 || echo "$package"
  done <<END
containerd containerd
runc runc
etcd etcd-server
etcdctl etcd-client
ip iproute2
nft nftables
conntrack conntrack
busybox busybox-static
unshare util-linux
sysctl procps
docker-registry docker-registry
promtool prometheus
htpasswd apache2-utils
openssl openssl
redis-server redis-server
redis-cli redis-tools
ping iputils-ping
wg wireguard-tools
wireguard-go wireguard-go
tcpdump tcpdump
END
  # The demo's image is made of a busybox that needs no libraries.
  ! command -v busybox >/dev/null 2>&1 || dpkg -s busybox-static >/dev/null 2>&1 || echo busybox-static
}

# Debian starts what it installs; none of it shall run here but by our own hand.
guard=/usr/sbin/policy-rc.d
made_guard=
unguard() { [ -z "$made_guard" ] || rm -f "$guard"; }
trap unguard EXIT INT TERM

packages=$(missing | sort -u | tr '\n' ' ')
if [ -z "${packages% }" ]; then
  say "Debian packages: all there"
else
  say "Debian packages: installing $packages"
  if [ "$(id -u)" -ne 0 ]; then
    echo "setup: root is needed to install them: run 'make setup' as root" >&2
    exit 1
  fi
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
    made_guard=yes
  fi
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  log=$(mktemp)
  install() {
    apt-get update -qq >"$log" 2>&1 &&
      apt-get install -y -qq --no-install-recommends $packages >>"$log" 2>&1
  }
  # A mirror may stumble once.
  if ! install </dev/null && ! install </dev/null; then
    tail -20 "$log" >&2
    echo "setup: apt-get failed: its whole output is in $log" >&2
    exit 1
  fi
  rm -f "$log"
  unguard
  made_guard=
  say "Debian packages: installed after $(($(date +%s) - started)) s"
fi

stamp=node_modules/.lock-of-this-tree
now=$(date +%s)
wanted=$(sha256sum <package-lock.json | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null || :)" = "$wanted" ] && [ -x node_modules/.bin/node ]; then
  say "npm packages: all there"
else
  say "npm packages: installing"
  npm ci --no-audit --no-fund --loglevel=error </dev/null ||
    npm ci --no-audit --no-fund --loglevel=error </dev/null
  echo "$wanted" >"$stamp"
  say "npm packages: installed after $(($(date +%s) - now)) s"
fi

node_modules/.bin/node -e '
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 26) process.exit(0);
  console.error(`setup: node_modules/.bin/node is ${process.version}, not 26: remove node_modules and try again`);
  process.exit(1);'
say "ready after $(($(date +%s) - started)) s: $(node_modules/.bin/node --version) in node_modules"
