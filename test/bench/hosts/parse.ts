import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker, SHIPPED_FLAGS } from "../bundle.ts";
import { megabytes } from "../footprint.ts";
import { duration, durations, type Row, type Section, spread, times } from "../report.ts";
import { bigCluster } from "./big-cluster.ts";
import type { ParseCost } from "./parse-worker.ts";

const [MEMBERS, REMOTES] = [16, 1000];
/** Fewer than the storm guard holds. */
const LOST = new Set([100, 200, 300]);

/** What Python's host monitor makes of `crm_mon -X`: which remotes are up, and whether there is quorum. CPU ms of each of some looks. */
const pythonLooks = `
import json, sys, time
from masakarimonitors.hostmonitor.host_handler import handle_host, parse_crmmon_xml
text = open(sys.argv[1]).read()
costs = []
for _ in range(14):
    before = time.process_time()
    parser = parse_crmmon_xml.ParseCrmMonXml()
    parser.set_crmmon_xml(text)
    parser.has_quorum()
    [handle_host.CibSchemaCompliantTag(n) for n in parser.get_node_state_tag_list() if n.get('type') == 'remote']
    costs.append((time.process_time() - before) * 1000)
print(json.dumps(costs[2:]))
`;

/** One look at a cluster of 16 members and 1,000 remotes: the output of crm_mon parsed, and decided upon; under the shipped flags. */
export async function hostsParse(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), "masakari-bench-"));
  try {
    const worker = join(directory, "worker.mjs");
    await bundleWorker("test/bench/hosts/parse-worker.ts", worker);
    const [quiet, loss] = [join(directory, "quiet.xml"), join(directory, "loss.xml")];
    writeFileSync(quiet, bigCluster(MEMBERS, REMOTES));
    writeFileSync(loss, bigCluster(MEMBERS, REMOTES, LOST));
    const flags = ["--disable-warning=ExperimentalWarning", ...SHIPPED_FLAGS];
    const words = [...flags, worker, join(directory, "state"), quiet, loss];
    const ours = JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" })) as ParseCost;
    const output = execFileSync("/usr/bin/python3", ["-c", pythonLooks, quiet], { encoding: "utf8" });
    const python = JSON.parse(output) as readonly number[];
    return section(ours, python);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function section({ quiet, loss, notified, rssKiB }: ParseCost, python: readonly number[]): Section {
  if (notified !== LOST.size) throw new Error(`${notified} of ${LOST.size} lost hosts were notified`);
  const size = `${MEMBERS} members and ${REMOTES.toLocaleString("en")} remotes`;
  const parse = quiet.map((look) => look.parse);
  return {
    rows: [
      {
        what: `CPU to parse crm_mon's output for ${size}, ${parse.length} looks`,
        python: durations(python),
        ours: durations(parse),
        ratio: times(spread(python).median / spread(parse).median),
      },
      row("… and to decide on it, all online", durations(quiet.map((look) => look.decide))),
      row(
        `… at the look that shows ${LOST.size} lost`,
        `parse ${duration(loss.parse)}, decide ${duration(loss.decide)}`,
      ),
      row("… RSS of that process", megabytes(rssKiB)),
    ],
    targets: [],
  };
}

const row = (what: string, ours: string): Row => ({ what, python: "–", ours, ratio: "–" });
