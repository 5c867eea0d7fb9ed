#!/bin/sh
# Makes a bare Debian 12 with systemd and Debian's Python monitors in a directory, for test/system/debian-packages.test.ts. Nothing of it is
# installed or started on this machine. As root. usage: make-root.sh DIRECTORY
set -eu
root=$1
monitors="masakari-host-monitor masakari-instance-monitor masakari-introspective-instance-monitor masakari-process-monitor"
host="systemd systemd-sysv libpam-systemd dbus polkitd logrotate sudo procps init-system-helpers man-db"
# What apt keeps of its downloads, so that the test needs no network.
archives=$root/var/cache/apt/archives
rm -rf "$root"
mkdir -p "$root"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror"
rm -f "$root/etc/apt/sources.list"
cp -r /etc/apt/sources.list.d "$root/etc/apt/"
cp -r /usr/share/keyrings/. "$root/usr/share/keyrings/"
cp /etc/apt/apt.conf.d/99* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp /etc/resolv.conf "$root/etc/"
printf 'Binary::apt::APT::Keep-Downloaded-Packages "true";\nAPT::Keep-Downloaded-Packages "true";\n' >"$root/etc/apt/apt.conf.d/01keep"
rm -f "$root/etc/apt/apt.conf.d/docker-clean"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
trap 'umount "$root/dev" "$root/proc"' EXIT
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get update -q
# shellcheck disable=SC2086 # a list of words
chroot "$root" apt-get install -y -q --no-install-recommends -o APT::Sandbox::User=root $host $monitors
ls "$archives"/masakari-*.deb >/dev/null
rm "$root/usr/sbin/policy-rc.d"
# The host of the test is in no cluster, and shares this machine's network.
for unit in corosync pacemaker; do ln -sf /dev/null "$root/etc/systemd/system/$unit.service"; done
touch "$root/complete"
