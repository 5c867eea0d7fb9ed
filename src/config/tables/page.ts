import type { SectionTable } from "../option.ts";

export const pageTable = {
  help: "The page that shows whether HA would act now. It is on the port of [metrics].",
  options: {
    enabled: {
      type: "bool",
      default: false,
      ours: true,
      help: "Whether the page is on the port of [metrics]. It shows the names of hosts, guests and processes, and changes nothing.",
    },
    peers: {
      type: "list",
      default: [],
      ours: true,
      help: "URLs of the pages of other hosts, which this one shows beside its own: http://compute-2:9101, https://compute-3:9101. They are asked with the username and the password of [metrics].",
    },
    peers_in_segment: {
      type: "bool",
      default: false,
      ours: true,
      help: "Whether the other hosts of this host's segment in Masakari are peers too: by their names there, on the port of the program that shows the page.",
    },
    peers_in_consul: {
      type: "bool",
      default: false,
      ours: true,
      help: "Whether the other members of Consul are peers too, on the port of the program that shows the page: by the first agent of [consul], without the servers.",
    },
    peer_ca_file: {
      type: "string",
      ours: true,
      help: "PEM file of the CAs that sign the peers' certificates. Without it: the system's CAs.",
    },
  },
} as const satisfies SectionTable;
