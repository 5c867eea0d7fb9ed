import type { ConditionKind } from "../../status/conditions.ts";

export const API: ConditionKind = {
  name: "Kubernetes API",
  consequence: "no host can be watched",
  severity: "failing",
};

export const NODES: ConditionKind = {
  name: "Kubernetes nodes",
  consequence: "no host is watched",
  severity: "failing",
};

export const WATCH: ConditionKind = {
  name: "Kubernetes watch",
  consequence: "changes are noticed at the next look, up to monitoring_interval later",
};
