#!/bin/sh
# The first process of the Linux guest: the modules of its devices, the power button, and the guest agent for as long as it runs.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console virtio_blk \
  evdev button pvpanic pvpanic-mmio; do
  insmod "/modules/$module.ko"
done
# What udev would do.
mkdir -p /dev/virtio-ports
for port in /sys/class/virtio-ports/*; do
  [ -e "$port/name" ] && ln -s "../${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"
done
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\npoweroff -f\n' >/etc/acpi/PWRF/00000080
chmod 755 /etc/acpi/PWRF/00000080
acpid -l /dev/null
# From the kernel's command line: options of the agent, and how many seconds its hook takes to freeze the file systems.
options=""
for word in $(cat /proc/cmdline); do
  case "$word" in
    agent.options=*) options=${word#*=} ;;
    agent.freeze=*)
      printf '#!/bin/sh\n[ "$1" != freeze ] || { echo freezing >/dev/console; sleep %s; }\n' "${word#*=}" >/etc/fsfreeze-hook
      chmod 755 /etc/fsfreeze-hook
      options="$options --fsfreeze-hook=/etc/fsfreeze-hook" ;;
  esac
done
while :; do
  # shellcheck disable=SC2086 # a list of words
  qemu-ga $options -m virtio-serial -p /dev/virtio-ports/org.qemu.guest_agent.0
  sleep 1
done
