import type { SectionTable } from "../option.ts";

export const libvirtTable = {
  help: "The libvirt daemon whose guests are watched.",
  options: {
    connection_uri: { type: "string", default: "qemu:///system", help: "Connection URI of libvirt." },
  },
} as const satisfies SectionTable;
