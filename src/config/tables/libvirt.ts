import type { SectionTable } from "../option.ts";

export const libvirtTable = {
  help: "The libvirt daemon whose guests are watched.",
  options: {
    connection_uri: {
      type: "string",
      default: "qemu:///system",
      emptyIsDefault: true,
      help: "Connection URI of libvirt, over a unix socket, TLS or TCP; SSH is not supported. An IPv6 address is written in brackets.",
    },
  },
} as const satisfies SectionTable;
