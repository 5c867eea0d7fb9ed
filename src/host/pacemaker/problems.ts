import type { ConditionKind } from "../../status/conditions.ts";

export const PACEMAKER: ConditionKind = {
  name: "Pacemaker",
  consequence: "no host of the cluster can be watched",
  effect: "blind",
};

export const HUNG_COROSYNC: ConditionKind = {
  name: "Corosync",
  consequence: "what Pacemaker shows on this host may be out of date, so no loss is believed",
  effect: "held",
};

export const HEARTBEAT: ConditionKind = {
  name: "heartbeat check",
  consequence: "if this host is cut off from the cluster, that shows only when quorum is lost",
};

export const CONTROLLER: ConditionKind = {
  name: "controller check",
  consequence: "crm_mon alone shows whether this host's part of the cluster is settled",
};

export const OWN_NODE: ConditionKind = {
  name: "own cluster node",
  consequence: "this monitor cannot check that its own host is healthy in the cluster, so no loss is believed",
  effect: "held",
};

export const SAME_NAMES: ConditionKind = {
  name: "names of cluster nodes",
  consequence: "the loss of these hosts is not noticed",
};

export const MEMBERSHIP: ConditionKind = {
  name: "Corosync membership",
  consequence:
    "a lost host is believed only after 3 s, and a host that left and came back between two looks may be missed",
};

export const EVENTS: ConditionKind = {
  name: "cluster events",
  consequence: "changes are noticed at the next look, up to monitoring_interval later",
};

export const FENCING_DEVICES: ConditionKind = {
  name: "fencing devices",
  consequence:
    "the power of a lost host cannot be checked at its BMC; only the cluster's fencing history proves its death",
};

export const FENCING_ORDER: ConditionKind = {
  name: "fencing order",
  consequence:
    "while the fencing of one lost host fails, as when its BMC died with it, no host that is lost after it is fenced: only its own BMC proves its death then",
};
