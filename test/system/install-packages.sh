#!/bin/sh
# Installs what the system tests and the benchmark need of Debian 12, without starting any service. Idempotent. As root.
# --whole-chain: also Nova, MariaDB and RabbitMQ, for test/system/whole-chain.test.ts, which then runs here or fails.
# --debian-packages: also a Debian 12 of its own with the Python monitors, for test/system/debian-packages.test.ts, lintian, and a Debian 12
# for arm64 with the emulator that runs it, for test/system/debian-packages-arm64.test.ts.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
chain=""
debian=""
arm64=""
case "${1:-}" in
"") ;;
--whole-chain)
  # nova-compute's own package would bring QEMU; the program is in python3-nova.
  chain="python3-nova nova-api nova-conductor nova-scheduler placement-api rabbitmq-server mariadb-server-core mariadb-client-core"
  ;;
--debian-packages)
  chain="debootstrap lintian qemu-user-static"
  debian=/var/cache/masakari-monitors-tests/debian
  [ ! -e "$debian/complete" ] || debian=""
  arm64=/var/cache/masakari-monitors-tests/debian-arm64
  [ ! -e "$arm64/complete" ] || arm64=""
  ;;
*)
  echo "usage: install-packages.sh [--whole-chain | --debian-packages]" >&2
  exit 2
  ;;
esac

wanted="keystone masakari-api masakari-engine masakari-common python3-masakariclient python3-openstackclient
  uwsgi-core uwsgi-plugin-python3 masakari-process-monitor masakari-instance-monitor masakari-host-monitor sudo procps
  libvirt-daemon libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils
  sasl2-bin libsasl2-modules gcc libc6-dev systemd
  openssh-server python3-cotyledon python3-setproctitle python3-psutil python3-typing-extensions
  corosync pacemaker pacemaker-cli-utils cluster-glue fence-agents ipmitool openipmi tcpdump iproute2 prometheus
  dbus polkitd chromium fonts-dejavu-core"
missing=""
for package in $wanted $chain; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
whole_chain=/var/cache/masakari-monitors-tests/whole-chain
# What a Linux guest with the real guest agent is built of (test/system/libvirt/linux-guest.ts): kept there, never installed.
guest=/var/cache/masakari-monitors-tests/linux-guest
[ -e "$guest/complete" ] || missing_guest=1
# pacemaker-remoted (test/system/pacemaker/cluster.ts): its package conflicts with pacemaker's, the program does not.
remote=/var/cache/masakari-monitors-tests/pacemaker-remote
[ -e "$remote/complete" ] || missing_remote=1
# Consul (test/system/consul/packages.ts): Debian 11 was the last that had it.
consul=/var/cache/masakari-monitors-tests/consul
[ -e "$consul/complete" ] || missing_consul=1
# The clients and the masakari-api of Debian 13 (test/system/openstack/newer.ts): Python alone, which this machine's runs; never installed.
newer=/var/cache/masakari-monitors-tests/newer
[ -e "$newer/complete" ] || missing_newer=1
# kube-apiserver, kube-controller-manager and etcd (test/system/kubernetes/bed.ts): built there once, never installed.
kubernetes=/var/cache/masakari-monitors-tests/kubernetes
[ -e "$kubernetes/complete" ] || missing_kubernetes=1
[ -n "$missing${missing_guest:-}${missing_remote:-}${missing_consul:-}${missing_newer:-}${missing_kubernetes:-}$debian$arm64" ] || {
  [ "${1:-}" != --whole-chain ] || touch "$whole_chain"
  echo "install-packages: all there"
  exit 0
}
[ "$(id -u)" = 0 ] || {
  echo "install-packages: run as root to install:$missing ${missing_guest:+$guest} ${missing_remote:+$remote}" \
    "${missing_consul:+$consul} ${missing_newer:+$newer} ${missing_kubernetes:+$kubernetes} $debian $arm64" >&2
  exit 1
}

# 101 forbids invoke-rc.d to start services here; only while these packages are configured.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || apt-get install -y -q --no-install-recommends $missing
if [ -n "${missing_guest:-}" ]; then
  rm -rf "$guest"
  mkdir -p "$guest/packages"
  cd "$guest/packages"
  kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
  # As root apt would hand over to the user _apt, who may not write here.
  apt-get download -q -o APT::Sandbox::User=root "$kernel" qemu-guest-agent busybox-static
  for package in *.deb; do dpkg-deb -x "$package" "$guest/root"; done
  rm -r "$guest/packages"
  touch "$guest/complete"
fi
if [ -n "${missing_remote:-}" ]; then
  rm -rf "$remote"
  mkdir -p "$remote/package"
  cd "$remote/package"
  # The two speak one protocol only in the same version.
  apt-get download -q -o APT::Sandbox::User=root "pacemaker-remote=$(dpkg-query -W -f='${Version}' pacemaker)"
  dpkg-deb -x ./*.deb "$remote/root"
  cd /
  rm -r "$remote/package"
  touch "$remote/complete"
fi

# unpack_of SUITE DIRECTORY PACKAGE…: packages of another suite, in DIRECTORY/root. From the mirrors that this machine uses, with a list of
# its own: the machine's apt does not learn of the other suite.
unpack_of() {
  suite=$1
  directory=$2
  shift 2
  rm -rf "$directory"
  mkdir -p "$directory/package" "$directory/apt/lists/partial"
  cd "$directory/package"
  packages=$*
  # shellcheck disable=SC2016 # apt's own placeholders
  for mirror in $(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 == "main" && !seen[$1]++ { print $1 }'); do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$directory/apt/sources.list"
    set -- -q -o "Dir::Etc::sourcelist=$directory/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
      -o "Dir::State::lists=$directory/apt/lists" -o "Dir::Cache::pkgcache=$directory/apt/pkg" \
      -o "Dir::Cache::srcpkgcache=$directory/apt/srcpkg" -o APT::Sandbox::User=root
    # A mirror of security updates has no such package.
    # shellcheck disable=SC2086 # a list of words
    if apt-get "$@" update && apt-get "$@" download $packages; then break; fi
  done
  for package in $packages; do dpkg-deb -x ./"$package"_*.deb "$directory/root"; done
  cd /
  rm -r "$directory/package" "$directory/apt"
  touch "$directory/complete"
}

[ -z "${missing_consul:-}" ] || unpack_of bullseye "$consul" consul
[ -z "${missing_newer:-}" ] || unpack_of trixie "$newer" python3-openstacksdk python3-keystoneauth1 python3-platformdirs python3-osc-lib \
  python3-openstackclient python3-masakariclient python3-masakari masakari-api
[ -z "${missing_kubernetes:-}" ] || nice -n 10 bash "$here/kubernetes/build.sh" "$kubernetes"
[ -z "$debian" ] || sh "$here/debian/make-root.sh" "$debian"
[ -z "$arm64" ] || sh "$here/debian/make-arm64-root.sh" "$arm64"
[ "${1:-}" != --whole-chain ] || touch "$whole_chain"
