import assert from "node:assert/strict";
import { test } from "node:test";
import { readRecording } from "../../../../src/monitor/recording/read.ts";
import { LONGEST_RECORD, type RecordingLine } from "../../../../src/monitor/recording/record.ts";
import { Replay, type Replayable } from "../../../../src/monitor/recording/replay.ts";
import { segmentsIn } from "../../../../src/monitor/recording/segment-files.ts";
import { decisions } from "../../../../src/process/decisions.ts";
import { RecordedProgram } from "../../../support/recorded-program.ts";

const linesOf = (directory: string): readonly RecordingLine[] =>
  [...readRecording(segmentsIn(directory))].map(({ line }) => line);

function replayOf(lines: readonly RecordingLine[]) {
  const replay = new Replay(decisions as unknown as Replayable);
  for (const line of lines) assert.equal(replay.take(line), undefined, JSON.stringify(line));
  return replay.counts;
}

const circular: { self?: unknown } = {};
circular.self = circular;
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
};

const UNRECORDABLE: Readonly<Record<string, () => unknown>> = {
  "a BigInt": () => 1n,
  "a circular value": () => circular,
  "a getter that throws": () => ({
    get secret() {
      throw new Error("not now");
    },
  }),
  "a getter that throws something without a text": () => ({
    get secret() {
      throw Object.create(null);
    },
  }),
  "a value that is nested too deeply": () => nested(100_000),
  "a huge value": () => "x".repeat(LONGEST_RECORD + 1),
};

for (const [name, make] of Object.entries(UNRECORDABLE)) {
  test(`${name} in an observation is counted and shown, and recording goes on`, async (t) => {
    const program = new RecordedProgram(t);
    program.start(["nova-compute"]);
    program.seen("nova-compute", 12);
    const gaps = () => program.conditions.all.get("flight recorder gaps")?.problem;
    await program.clock.advance(1000);
    program.observe({ kind: "seen", at: program.clock.now(), sightings: [], extra: make() } as never);
    program.seen("nova-compute", 13);
    await program.clock.advance(1000);
    assert.match(gaps() ?? "", /^1 record could not be written, the last one because: /);
    await program.clock.advance(61_000);
    await program.writer.settled();
    assert.equal(gaps(), undefined);
    program.seen("nova-compute", 14);
    await program.recorder.close();
    const lines = linesOf(program.directory);
    const lost = lines.filter((line) => line.kind === "lost");
    assert.equal(lost.length, 1);
    assert.ok((lost[0]?.error.length ?? 0) > 5 && (lost[0]?.error.length ?? 0) <= 500, lost[0]?.error);
    const begins = lines.flatMap((line) => (line.kind === "segment" ? line.begins : []));
    assert.deepEqual(begins, ["start", "gap"]);
    // Of start, pid 12, 13 and 14 the one after the loss cannot be replayed.
    assert.deepEqual([replayOf(lines).decisions, replayOf(lines).gaps], [3, 1]);
    assert.deepEqual(
      program.log.lines.map((line) => line.replace(/\(.*\)/, "(…)")),
      [
        "error Defect in processmonitor: a record cannot be written (…); please report this line",
        "info processmonitor: recording is complete again; records lost: 1",
      ],
    );
  });
}

test("a look at thousands of subjects is one record, and none is lost", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  // As much as the instance monitor's look at 12,000 guests.
  const extra = Array.from({ length: 12_000 }, (_, number) => `${number}`.padStart(360, "guest "));
  program.observe({ kind: "seen", at: program.clock.now(), sightings: [], extra } as never);
  await program.clock.advance(1000);
  await program.recorder.close();
  const problems = ["flight recorder gaps", "flight recorder"].map((name) => program.conditions.all.get(name)?.problem);
  assert.deepEqual(problems, [undefined, undefined]);
  assert.equal(replayOf(linesOf(program.directory)).decisions, 2);
});

test("lone surrogates are recorded as they are", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  program.observe({
    kind: "seen",
    at: program.clock.now(),
    sightings: [{ key: "nova-compute", problem: "\ud800x\udc00" }],
  });
  await program.recorder.close();
  const lines = linesOf(program.directory);
  assert.equal(replayOf(lines).decisions, 2);
  assert.ok(JSON.stringify(lines).includes("\\ud800x\\udc00"));
});

test("a monitor of which every record is lost does not fill its recording with states", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  for (let second = 0; second < 600; second++) {
    program.observe({ kind: "seen", at: program.clock.now(), sightings: [], extra: 1n } as never);
    await program.clock.advance(1000);
  }
  await program.recorder.close();
  const count = segmentsIn(program.directory).length;
  assert.ok(count > 5 && count <= 11, `${count} segments`);
  assert.ok(program.log.lines.length <= 22, `${program.log.lines.length} lines in the log`);
});

test("a state that cannot be encoded suspends the recording, and the monitor goes on", async (t) => {
  const program = new RecordedProgram(t, { limitBytes: 100_000 });
  program.start(["nova-compute"]);
  await program.clock.advance(1000);
  program.state = { ...program.state, extra: circular } as never;
  for (let second = 0; second < 120; second++) {
    program.seen("nova-compute", second % 2 === 0 ? 12 : undefined);
    program.observe({ kind: "seen", at: program.clock.now(), sightings: [], extra: 1n } as never);
    await program.clock.advance(1000);
    await program.writer.settled();
  }
  assert.match(program.problem ?? "", /^Converting circular structure/);
  // What was recorded before is not replaced by beginnings of segments.
  assert.equal(segmentsIn(program.directory).length, 2);
  await program.recorder.close();
});
