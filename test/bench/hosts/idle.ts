import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../../support/child.ts";
import { Libvirtd } from "../../system/libvirt/libvirtd.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { Cluster } from "../../system/pacemaker/cluster.ts";
import type { ClusterNode } from "../../system/pacemaker/node.ts";
import { type Memory, megabytes, memoryOf, processesOf } from "../footprint.ts";
import { type Section, times } from "../report.ts";
import { HostPeer } from "./host-peer.ts";
import { register } from "./register.ts";

const settleMs = 60_000;
const programs = ["processmonitor", "instancemonitor", "introspectiveinstancemonitor"] as const;
/** What runs on every node of a cluster. */
const daemons = [
  "corosync",
  "pacemakerd",
  "pacemaker-based",
  "pacemaker-fenced",
  "pacemaker-execd",
  "pacemaker-controld",
];

/**
 * Memory of all four monitors on a host of a real three-node cluster with a libvirtd, a minute after their start, with nothing to do: Debian's four programs,
 * with their privilege helpers, and ours in one process.
 */
export async function hostsIdle(address: OpenStackAddress): Promise<Section> {
  const cluster = await Cluster.start({ members: 3 });
  const libvirtd = await Libvirtd.start();
  try {
    await register(address, cluster);
    const node = cluster.node("node1");
    // Debian's introspective monitor asks the default socket, whatever is configured.
    await node.must(["mkdir", "-p", "/run/libvirt"]);
    await node.must(["ln", "-s", libvirtd.socket, "/run/libvirt/libvirt-sock"]);
    const peers = [await HostPeer.make("python", address, cluster), await HostPeer.make("ours", address, cluster)];
    try {
      const [python, ours] = peers;
      if (python === undefined || ours === undefined) throw new Error("no peers");
      for (const peer of peers) await peer.start({});
      const alone = { python: python.monitor("node1"), ours: ours.monitor("node1") };
      const children = [
        ...programs.map((name) => start(node, "python", libvirtd, [`/usr/bin/masakari-${name}`])),
        start(node, "ours", libvirtd, ["/run/checkout/bin/masakari-monitors", "run"]),
      ];
      await Promise.race([sleep(settleMs), ...children.map(({ exited }) => exited)]);
      for (const { running, output } of children) if (!running) throw new Error(`a monitor ended:\n${output}`);
      const files = { python: fileFor(node, "python"), ours: fileFor(node, "ours") };
      const all = { pid: children.at(-1)?.pid ?? 0, mark: files.ours };
      const pythonFour = [alone.python, ...children.slice(0, -1).map(({ pid }) => ({ pid, mark: files.python }))];
      return section(
        { python: memory([alone.python]), ours: memory([alone.ours]) },
        { python: memory(pythonFour), ours: memory([all]) },
        Math.max(...monitors([all]).map((pid) => memoryOf([pid]).rssKiB)),
      );
    } finally {
      for (const peer of peers) await peer.close();
    }
  } finally {
    await libvirtd.stop();
    await cluster.stop();
  }
}

const fileFor = (node: ClusterNode, which: string): string => join(node.folder, `${which}-all.conf`);

/** With the host monitor's configuration of the same node, and the other monitors' options. */
function start(node: ClusterNode, which: string, { uri }: Libvirtd, command: readonly string[]): Child {
  const list = join(node.folder, "process_list.yaml");
  const entry = (name: string): string => `- process_name: ${name}\n  start_command: /bin/true\n  run_as_root: True\n`;
  writeFileSync(list, daemons.map(entry).join(""));
  const file = fileFor(node, which);
  const base = readFileSync(join(node.folder, `${which}.conf`), "utf8").replace(/^state_path = .*$/m, "$&-all");
  writeFileSync(file, `${base}[process]\nprocess_list_path = ${list}\n[libvirt]\nconnection_uri = ${uri}\n`, {
    mode: 0o600,
  });
  return node.spawn([...command, "--config-file", file], { env: { MASAKARI_MONITORS_RUN: "build" } });
}

type Roots = readonly { readonly pid: number; readonly mark: string }[];

/** These processes and what they have started, without the programs that only enter the node. */
function monitors(roots: Roots): readonly number[] {
  const pids = new Set(roots.flatMap(({ pid, mark }) => processesOf(pid, mark)));
  const isMonitor = (pid: number): boolean => !/^(nsenter|sudo)\0/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  return [...pids].filter(isMonitor);
}

const memory = (roots: Roots): Memory => memoryOf(monitors(roots));

interface Both {
  readonly python: Memory;
  readonly ours: Memory;
}

/** @param processKiB of the one process of ours */
function section(host: Both, four: Both, processKiB: number): Section {
  const row = (what: string, { python, ours }: Both, which: "rssKiB" | "pssKiB") => ({
    what,
    python: `**${megabytes(python[which])}** (${python.processes} processes)`,
    ours: `**${megabytes(ours[which])}** (${ours.processes})`,
    ratio: times(python[which] / ours[which]),
  });
  return {
    rows: [
      row("RSS of hostmonitor, idle, three-node cluster, all processes", host, "rssKiB"),
      row("RSS of all four monitors, idle, all processes; ours in one process", four, "rssKiB"),
      row("… PSS", four, "pssKiB"),
    ],
    targets: [
      {
        what: "RSS of all four monitors in one idle process",
        wanted: "≤ 80 MB",
        measured: `${megabytes(processKiB)}; beside it corosync-cmapctl, ${megabytes(four.ours.rssKiB - processKiB)}`,
        reached: processKiB * 1024 <= 80e6,
      },
    ],
  };
}
