import type { SectionTable } from "../option.ts";

export const kubernetesTable = {
  help: "The host monitor's Kubernetes driver.",
  options: {
    monitoring_node_labels: {
      type: "string",
      default: "",
      help: "Label selector of the nodes to watch, e.g. monitoring=true,compute-node=enabled. Empty: all nodes.",
    },
    kubeconfig: {
      type: "string",
      ours: true,
      help: "Path of a kubeconfig file with the API server and a token or client certificate. Empty: the service account of the pod that the monitor runs in.",
    },
    context: { type: "string", ours: true, help: "Context of the kubeconfig file. Empty: its current-context." },
    unknown_duration: {
      type: "int",
      default: 15,
      min: 1,
      ours: true,
      help: "Seconds for which a node must have been Unknown before it counts as lost. After contact with the API server was interrupted it must last four times as long, because healthy nodes are then briefly Unknown.",
    },
  },
} as const satisfies SectionTable;
