import type { HostOverview, MonitorOverview } from "./overview.ts";

/** What an operator does next about something. */
export interface NextStep {
  readonly why: string;
  /** To paste; everything in it that others have named is quoted. */
  readonly command: string;
  /** It concerns every host of the cluster, whichever shows it. */
  readonly isOfCluster?: true;
}

type Problem = MonitorOverview["problems"][number];

/** A name as one word of a shell, whatever it contains. */
export function quoted(name: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9_.@:/-]*$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

/** As the page names it while Consul cannot list its members. */
export const CONSUL_MEMBERS = "members of Consul";

/** What shows which hosts are up, by `[host] monitoring_driver`. */
const LOOK: Readonly<Record<string, string>> = {
  default: "crm_mon -1",
  simple: "crm_mon -1",
  consul: "consul members",
  kubernetes: "kubectl get nodes",
};

/** What shows which part of the cluster has quorum, likewise. */
const QUORUM: Readonly<Record<string, string>> = {
  consul: "consul operator raft list-peers",
  kubernetes: "kubectl get --raw '/readyz?verbose'",
};

/** A peer is named by its address and port until it has sent its host's name. */
function withoutPort(name: string): string {
  return name.replace(/^\[(.*)\](?::\d+)?$/, "$1").replace(/^([^:]+):\d+$/, "$1");
}

/**
 * What to do about what does not respond, hosts or the source of the list of hosts.
 * @param driver of the cluster's host monitors; null: there is none
 */
export function stepForSilent(names: readonly string[], driver: string | null): NextStep {
  const [first = ""] = names;
  if (names.every((name) => name === CONSUL_MEMBERS))
    return { why: "See why Consul does not respond", command: "consul members" };
  const look = driver !== null && Object.hasOwn(LOOK, driver) ? LOOK[driver] : undefined;
  return { why: "See whether it is up", command: look ?? `ping -c 3 ${quoted(withoutPort(first))}` };
}

/** By what a problem is about; the first of them is done first. */
const STEPS: Readonly<Record<string, (monitor: MonitorOverview, driver: string | null) => NextStep>> = {
  "host maintenance": ({ hostname }) => ({
    why: "When the host is well again, take it off maintenance",
    command: `masakari host-update ${quoted(hostname)} --on-maintenance false`,
  }),
  "host segment": ({ hostname }) => ({
    why: "Register the host in its segment",
    command: `masakari host-create ${quoted(hostname)} --segment SEGMENT`,
  }),
  "segment disabled": ({ registration }) => ({
    why: "Enable the segment",
    command: `openstack segment update ${quoted(registration?.segment ?? "SEGMENT")} --is_enabled True`,
  }),
  disarmed: () => ({
    why: "Arm the host monitors of the cluster again",
    command: "masakari-monitors arm",
    isOfCluster: true,
  }),
  "shadow mode": () => ({
    why: "Compare what would have been sent, then unset [notifications] shadow",
    command: "masakari-monitors compare",
  }),
  libvirt: () => ({
    why: "Look why libvirt does not respond",
    command: "systemctl status libvirtd virtqemud; masakari-monitors doctor",
  }),
  quorum: (_monitor, driver) => ({
    why: "Look which part of the cluster has quorum",
    command:
      (driver !== null && Object.hasOwn(QUORUM, driver) && QUORUM[driver]) || "corosync-quorumtool -s; crm_mon -1",
    isOfCluster: true,
  }),
  Pacemaker: () => ({ why: "Look why the cluster does not respond", command: "systemctl status corosync pacemaker" }),
  "storm guard": () => ({
    why: "If these hosts are really down, have them reported",
    command: 'masakari-monitors release --reason "they are down"',
    isOfCluster: true,
  }),
  configuration: () => ({
    why: "See what is wrong in the new configuration",
    command: "masakari-monitors check-config",
  }),
  "process list": () => ({ why: "See what is wrong in the process list", command: "masakari-monitors check-config" }),
  clock: () => ({ why: "Check this host's clock", command: "chronyc tracking" }),
};

const DOCTOR: NextStep = {
  why: "Check everything that this host's monitors need",
  command: "masakari-monitors doctor",
};

/** The steps for one host, the most urgent first, each once; none if nothing is wrong. Pure. */
export function nextSteps({ monitors, driver }: HostOverview): readonly NextStep[] {
  const steps: NextStep[] = [];
  const add = (step: NextStep): void => {
    if (!steps.some(({ command }) => command === step.command)) steps.push(step);
  };
  for (const one of monitors) {
    if (one.kind !== "silent") continue;
    const unused =
      one.problem === "not running" && Object.hasOwn(UNITS, one.monitor)
        ? `. If this host does not use it any more: masakari-monitors forget ${one.monitor}`
        : "";
    add({
      why: `Start the ${one.monitor}, or find out why it does not respond${unused}`,
      command: restart(one.monitor),
    });
  }
  const overviews = monitors.flatMap((one) => (one.kind === "overview" ? [one.overview] : []));
  for (const overview of overviews) {
    const problems = [...overview.problems].sort((one, other) => rank(one) - rank(other));
    for (const step of problems.flatMap((problem) => stepFor(problem, overview, driver))) add(step);
  }
  for (const overview of overviews) {
    if (overview.state !== "armed" && steps.length === 0) add(DOCTOR);
  }
  return steps;
}

const ORDER = Object.keys(STEPS);

function rank({ about }: Problem): number {
  const index = ORDER.indexOf(about);
  return index < 0 ? ORDER.length : index;
}

function stepFor(problem: Problem, overview: MonitorOverview, driver: string | null): readonly NextStep[] {
  const step = Object.hasOwn(STEPS, problem.about) ? STEPS[problem.about] : undefined;
  if (step !== undefined) return [step(overview, driver)];
  return problem.severity === "failing" ? [{ why: problem.about, command: "masakari-monitors doctor" }] : [];
}

/** By the names of the units in packaging/systemd/. */
const UNITS: Readonly<Record<string, string>> = {
  hostmonitor: "masakari-host-monitor",
  instancemonitor: "masakari-instance-monitor",
  introspectiveinstancemonitor: "masakari-introspective-instance-monitor",
  processmonitor: "masakari-process-monitor",
};

function restart(monitor: string): string {
  const unit = Object.hasOwn(UNITS, monitor) ? UNITS[monitor] : undefined;
  return `systemctl restart ${unit ?? quoted(`masakari-${monitor}`)}`;
}
