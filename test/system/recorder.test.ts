import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readRecording } from "../../src/monitor/recording/read.ts";
import { segmentsIn } from "../../src/monitor/recording/segment-files.ts";
import { runToEnd } from "../support/child.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { FreezableDisk } from "../support/freezable-disk.ts";
import { healthReport } from "../support/health-report.ts";
import { Rig } from "../support/process-monitor.ts";
import { Seeded } from "../support/seeded.ts";
import { againWith, drawnSeed } from "../support/seeds.ts";

const masakariMonitors = fileURLToPath(new URL("../../bin/masakari-monitors", import.meta.url));
const KILLS = 12;
const withinMs = 60_000;

/** @param beforeClose what has to go before the rig's directory */
async function rigOf(t: TestContext, beforeClose: () => Promise<void> = async () => undefined): Promise<Rig> {
  const cloud = await FakeCloud.start();
  cloud.segmentHosts = ["compute1"];
  const rig = await Rig.create({ hostname: "compute1", api: cloud.section() });
  t.after(async () => {
    await beforeClose();
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  return rig;
}

const recordingOf = (rig: Rig): string => join(rig.directory, "state", "processmonitor.recording");
const replay = (rig: Rig): Promise<string> => runToEnd(masakariMonitors, ["replay", recordingOf(rig)]);

test(`killed at ${KILLS} random instants, a monitor has recorded every start, and all is decided again as it was`, async (t) => {
  const random = new Seeded(drawnSeed);
  const rig = await rigOf(t);
  const names = Array.from({ length: KILLS }, (_, index) => `service-${index}`);
  const targets = names.map((name) => rig.startProcess(name));
  await rig.listed(...names);
  for (const target of targets) {
    const monitor = await rig.start(names.at(-1) ?? "");
    target.signal("SIGKILL");
    // Recording writes once a second.
    await sleep(random.next() * 2500);
    await monitor.stop("SIGKILL");
  }
  assert.match(await replay(rig), /^processmonitor: \d+ decisions since .*, all the same/, againWith(drawnSeed));
  const starts = [...readRecording(segmentsIn(recordingOf(rig)))].filter(
    ({ line }) => line.kind === "segment" && line.begins === "start",
  );
  assert.equal(starts.length, KILLS, againWith(drawnSeed));
});

test("on a disk that is nearly full recording pauses, status shows it, and it resumes by itself with a gap", async (t) => {
  let disk: FreezableDisk | undefined;
  const rig = await rigOf(t, async () => await disk?.close());
  const state = join(rig.directory, "state");
  disk = FreezableDisk.mounted(t, state);
  if (disk === undefined) return;
  const target = rig.startProcess("web");
  await rig.listed("web");
  const monitor = await rig.start("web");
  const place = { statePath: state, program: "processmonitor" };
  const recorder = ({
    problems,
  }: {
    readonly problems: readonly { readonly about: string; readonly reason: string }[];
  }) => problems.find(({ about }) => about === "flight recorder")?.reason;
  const filler = join(state, "filler");
  await runToEnd("/bin/dd", ["if=/dev/zero", `of=${filler}`, "bs=1M", "count=16", "status=none"]);
  target.signal("SIGKILL");
  const { problems } = await healthReport(
    place,
    "recording is suspended",
    withinMs,
    (report) => recorder(report) !== undefined,
  );
  assert.match(recorder({ problems }) ?? "", /less than 16 MB is free on the disk .* records? dropped/);
  rmSync(filler);
  await healthReport(place, "recording resumes", withinMs, (report) => recorder(report) === undefined);
  await monitor.line(/recording continues; records dropped: \d+/, withinMs);
  await monitor.stop();
  assert.match(await replay(rig), /, all the same .*; records are missing at 1 place$/m);
});
