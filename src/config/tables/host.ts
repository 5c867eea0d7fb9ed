import type { SectionTable } from "../option.ts";

export const hostTable = {
  help: "The host monitor: which compute hosts of the cluster are up.",
  options: {
    monitoring_driver: {
      type: "choice",
      choices: ["default", "simple", "consul", "kubernetes"],
      default: "default",
      help: "Who knows which hosts are up: Pacemaker (default; simple is another name of it), Consul or Kubernetes.",
    },
    monitoring_interval: { type: "int", default: 60, min: 1, help: "Seconds between two looks at the hosts." },
    monitoring_samples: {
      type: "int",
      default: 1,
      min: 1,
      help: "Looks in a row that must agree before a change of a host's status is notified.",
    },
    api_retry_max: {
      type: "int",
      default: 12,
      min: 0,
      help: "Attempts at the fixed api_retry_interval after the first one to send a notification has failed. Later attempts back off.",
    },
    api_retry_interval: { type: "int", default: 10, min: 0, help: "Seconds between two of these attempts." },
    disable_ipmi_check: {
      type: "bool",
      default: false,
      misspelt: ["disable_ipmi_checks"],
      help: "Report a lost host as down without asking its BMC whether the power is off. Needed where the cluster has no IPMI fencing agents: otherwise every lost host is reported UNKNOWN, which Masakari ignores.",
    },
    restrict_to_remotes: {
      type: "bool",
      default: false,
      help: "Watch only Pacemaker remote nodes, not the full members of the cluster.",
    },
    ipmi_timeout: { type: "int", default: 5, min: 1, help: "Seconds that one question to a BMC may take." },
    ipmi_retry_max: {
      type: "int",
      default: 3,
      min: 0,
      help: "Further questions to a BMC that did not say that the power is off.",
    },
    ipmi_retry_interval: { type: "int", default: 10, min: 0, help: "Seconds between two questions to a BMC." },
    stonith_wait: {
      type: "int",
      default: 30,
      min: 0,
      help: "Seconds to hold back when this host hears nothing of its cluster, because it may be about to be fenced.",
    },
    tcpdump_timeout: { type: "int", default: 5, min: 1, help: "Seconds to listen for a packet of Corosync." },
    corosync_multicast_interfaces: {
      type: "list",
      default: [],
      help: "Interfaces that Corosync talks over, e.g. enp0s3,enp0s8; as many as corosync_multicast_ports, in the same order.",
    },
    corosync_multicast_ports: {
      type: "ports",
      default: [],
      help: "Ports that Corosync talks over, e.g. 5405,5406; as many as corosync_multicast_interfaces, in the same order.",
    },
    pacemaker_node_type: {
      type: "choice",
      choices: ["autodetect", "cluster", "remote"],
      default: "autodetect",
      help: "Whether this host is a full member of the cluster (Corosync and Pacemaker) or a remote node; autodetect asks systemd, which does not work in a container.",
    },
  },
} as const satisfies SectionTable;
