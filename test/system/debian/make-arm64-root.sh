#!/bin/sh
# Makes a bare Debian 12 for arm64 in a directory, with what our packages depend on, for test/system/debian-packages-arm64.test.ts. Nothing
# of it is installed or started on this machine. As root. usage: make-arm64-root.sh DIRECTORY
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
rm -rf "$root"
mkdir -p "$root"
sh "$here/with-arm64.sh" debootstrap --arch=arm64 --variant=minbase \
  --include=systemd,systemd-sysv,libpam-systemd,dbus,polkitd,init-system-helpers,libstdc++6,procps,util-linux bookworm "$root" "$mirror"
rm -f "$root"/var/cache/apt/archives/*.deb
touch "$root/complete"
