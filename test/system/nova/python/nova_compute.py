"""Debian's nova-compute, without its package, which would bring QEMU: the program itself is in python3-nova."""

import sys

from nova.cmd.compute import main

sys.argv[0] = "nova-compute"
main()
