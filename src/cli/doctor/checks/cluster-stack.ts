import { countOf } from "../../../system/plural.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";
import { CLUSTER_LIMIT } from "./limits.ts";

/** One look at the cluster by the driver of the host monitor, with what it lacks. */
export const clusterStack: Check = {
  name: "cluster",
  monitors: ["hostmonitor"],
  limitMs: CLUSTER_LIMIT,
  async run({ cluster }) {
    const { driver, observation, hosts, problems } = await cluster.view();
    const { quorum, self, maintenance } = observation;
    const fix = `remove the reason, as root or by its administrator; docs/host-monitor.md has a section on ${driver.name}`;
    const found: Finding[] = problems.map(({ problem, consequence, effect, severity }) => ({
      level: effect !== undefined || severity === "failing" ? "problem" : "warning",
      what: problem,
      why: consequence,
      fix,
    }));
    if (quorum === "no") {
      const why = "no lost host is reported while this side of the cluster has no quorum";
      found.push({
        level: "problem",
        what: `${driver.name}: no quorum`,
        why,
        fix: "start the other members of the cluster, or restore the network between them",
      });
    }
    if (self.stable === "no") {
      const what = `${driver.name}: this host is not settled in the cluster: ${self.reason ?? "no reason is given"}`;
      found.push({
        level: "warning",
        what,
        why: "no loss is believed until it is",
        fix: "wait until it has joined; else look into the log of the cluster stack",
      });
    }
    if (maintenance.cluster === "yes") {
      const why = "nothing is recovered or fenced by the cluster, and no lost host is reported";
      found.push({
        level: "warning",
        what: "the whole cluster is in maintenance",
        why,
        fix: "when the work is done: crm configure property maintenance-mode=false",
      });
    }
    if (hosts.length > 0) {
      const online = hosts.filter(({ isOnline }) => isOnline).length;
      found.push(ok(`${driver.name} answers: ${countOf(hosts.length, "watched host")}, ${online} online`));
    } else if (found.length === 0) {
      found.push({
        level: "problem",
        what: `${driver.name} shows no host that would be watched`,
        why: "no failure of a host is noticed",
        fix: "see restrict_to_remotes in [host], and what the cluster itself lists",
      });
    }
    return found;
  },
};
