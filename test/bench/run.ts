import { cpus, hostname, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { missingForLibvirt } from "../system/libvirt/packages.ts";
import { missingPackages } from "../system/openstack/packages.ts";
import { type OpenStackAddress, startOpenStack } from "../system/openstack/servers.ts";
import { openSite } from "../system/openstack/site.ts";
import { coldStart } from "./cold-start.ts";
import { controlPlane } from "./control-plane/section.ts";
import { decide } from "./decide/section.ts";
import { guestsCrowd } from "./guests/crowd.ts";
import { guestsGap } from "./guests/gap.ts";
import { guestsHung } from "./guests/hung.ts";
import { guestsLatency } from "./guests/latency.ts";
import { hostsIdle } from "./hosts/idle.ts";
import { hosts } from "./hosts/latency.ts";
import { hostsParse } from "./hosts/parse.ts";
import { hostsSilentBmc } from "./hosts/silent-bmc.ts";
import { hostsTimeline } from "./hosts/timeline.ts";
import { idle } from "./idle.ts";
import { latency } from "./latency.ts";
import { outage } from "./outage.ts";
import { recorder } from "./recorder.ts";
import { recorderMemory } from "./recorder-memory.ts";
import { markdown, type Section } from "./report.ts";

/**
 * `npm run bench [-- --only idle,guests-gap]`: this project's monitors and Debian's Python ones side by side, in one run,
 * against one real Keystone and masakari-api, the guests' on a real libvirtd and QEMU, the hosts' in real Pacemaker clusters. The result
 * is Markdown on stdout; about 12 minutes for the process monitor, 10 for the guests' (`guests-…`), 25 for the hosts',
 * 3 for the control plane and 9 for the flight recorder.
 */
const sections: Readonly<Record<string, (address: OpenStackAddress) => Promise<Section>>> = {
  "cold-start": coldStart,
  idle,
  latency,
  outage,
  "guests-latency": guestsLatency,
  "guests-crowd": guestsCrowd,
  "guests-gap": guestsGap,
  "guests-hung": guestsHung,
  hosts,
  "hosts-idle": hostsIdle,
  "hosts-silent-bmc": hostsSilentBmc,
  "control-plane": controlPlane,
};
/** Without Keystone and masakari-api. */
const alone: Readonly<Record<string, () => Promise<Section>>> = {
  decide,
  recorder,
  "recorder-memory": recorderMemory,
  "hosts-parse": hostsParse,
  "hosts-timeline": hostsTimeline,
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const all = [...Object.keys(alone), ...Object.keys(sections)];
  const chosen = values.only?.split(",") ?? all;
  const unknown = chosen.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`no section ${unknown.join(", ")}; there are ${all.join(", ")}`);
  const results: Section[] = [];
  for (const name of chosen.filter((name) => name in alone)) {
    progress(`measuring ${name}`);
    results.push((await alone[name]?.()) ?? { rows: [], targets: [] });
  }
  const besides = chosen.filter((name) => name in sections);
  if (besides.length > 0) results.push(...(await besidePython(besides)));
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const what = besides.length > 0 ? " both against the same real API. Times: median (min – max)." : "";
  process.stdout.write(
    `\nMeasured ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${machine}:${what}\n\n`,
  );
  process.stdout.write(markdown(results));
}

async function besidePython(chosen: readonly string[]): Promise<readonly Section[]> {
  const missing = (await missingPackages(true)) || (await missingForLibvirt());
  if (missing !== false) throw new Error(`the benchmark cannot run here: ${missing}`);

  progress("starting Keystone and masakari-api (no engine, so that the host never goes on maintenance)");
  // Both implementations report the same hosts, and each sample is a loss of its own: none is to be a duplicate of another.
  const servers = await startOpenStack({ engine: false, duplicateInterval: 0 });
  try {
    const site = await openSite(servers.address);
    const host = await site.masakariApi.registerHost(hostname());
    const results: Section[] = [];
    for (const name of chosen) {
      progress(`measuring ${name}`);
      const section = sections[name];
      if (section !== undefined) results.push(await section(servers.address));
      // What was measured against half a stack is no result.
      servers.assertRunning();
      await site.masakariApi.notifications(host);
    }
    await site.close();
    return results;
  } finally {
    await servers.stop();
  }
}

const startedAt = performance.now();

function progress(what: string): void {
  process.stderr.write(`[${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${what}\n`);
}

await main();
