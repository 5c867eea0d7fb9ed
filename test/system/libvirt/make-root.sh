#!/bin/sh
# make-root.sh SUITE FOLDER: installs libvirt and QEMU of another Debian release into a folder, from where this machine gets its
# packages. As root, with debootstrap. Takes some 140 s and 560 MB; for the opt-in half of libvirt-versions.test.ts.
set -eu
suite=$1
folder=$2
[ ! -e "$folder/complete" ] || exit 0
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
rm -rf "$folder"
debootstrap --variant=minbase "$suite" "$folder" "$mirror"
# 101 forbids invoke-rc.d to start services.
printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
chmod 755 "$folder/usr/sbin/policy-rc.d"
unshare --mount --pid --fork --kill-child sh -eu -c '
  mount -t proc proc "$1/proc"
  chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86
  chroot "$1" apt-get clean' sh "$folder"
touch "$folder/complete"
