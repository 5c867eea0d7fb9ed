import type { SectionTable } from "../option.ts";

export const kubernetesTable = {
  help: "The host monitor's Kubernetes driver.",
  options: {
    monitoring_node_labels: {
      type: "string",
      default: "",
      help: "Label selector of the nodes to watch, e.g. monitoring=true,compute-node=enabled. Empty: all nodes.",
    },
  },
} as const satisfies SectionTable;
