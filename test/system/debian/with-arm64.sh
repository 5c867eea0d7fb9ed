#!/bin/sh
# Runs a command that may run programs for arm64, by Debian's qemu-user-static, in a mount namespace of its own. This machine's kernel has
# one entry more in binfmt_misc until the command has ended. As root. usage: with-arm64.sh COMMAND [ARGUMENT ...]
set -eu
if [ "${MASAKARI_TESTS_ARM64:-}" != namespace ]; then
  exec env MASAKARI_TESTS_ARM64=namespace unshare --mount sh "$0" "$@"
fi
unset MASAKARI_TESTS_ARM64
handlers=/proc/sys/fs/binfmt_misc
name=masakari-tests-$$
mount --make-rprivate /
mount -t binfmt_misc binfmt_misc $handlers
trap 'echo -1 >"$handlers/$name"' EXIT
trap 'exit 1' HUP INT TERM
# An ELF file of 64 bits, little endian, executable or shared, for machine 183. F: the kernel keeps the emulator open, so that it is found in
# another root too.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":$name:M::$magic:$mask:/usr/bin/qemu-aarch64-static:F" >$handlers/register
"$@"
