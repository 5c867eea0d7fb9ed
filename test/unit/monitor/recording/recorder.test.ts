import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readRecording } from "../../../../src/monitor/recording/read.ts";
import type { RecordingLine } from "../../../../src/monitor/recording/record.ts";
import { recordingOperations, segmentsIn } from "../../../../src/monitor/recording/segment-files.ts";
import { RecordedProgram } from "../../../support/recorded-program.ts";

const linesOf = (directory: string): readonly RecordingLine[] =>
  [...readRecording(segmentsIn(directory))].map(({ line }) => line);
const kindsOf = (directory: string): readonly string[] => linesOf(directory).map(({ kind }) => kind);

test("every observation is written with what was decided on it, in files that only their owner can read", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  program.seen("nova-compute", 12);
  await program.recorder.close();
  const { directory } = program;
  const [first] = segmentsIn(directory);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(first ?? "").mode & 0o777, 0o600);
  const [segment, ...lines] = linesOf(directory);
  assert.ok(segment?.kind === "segment");
  assert.deepEqual([segment.program, segment.version, segment.begins], ["processmonitor", "1.2.3", "start"]);
  const decided = lines.filter((line) => line.kind === "decided");
  assert.deepEqual(
    decided.map(({ phases }) => phases),
    [[["nova-compute", "nova-compute", "not looked at yet"]], [["nova-compute", "nova-compute", "up, pid 12"]]],
  );
  assert.ok(decided[1]?.effects.some(({ kind }) => kind === "watch"));
});

test("it is written a second later, without anybody waiting; what repeats is not written again", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  for (let look = 0; look < 3; look++) program.seen("nova-compute", 12);
  await program.clock.advance(1000);
  await program.recorder.close();
  const observed = linesOf(program.directory).flatMap((line) =>
    line.kind === "decided" || line.kind === "repeated" ? line.kind : [],
  );
  assert.deepEqual(observed, ["decided", "decided", "repeated", "repeated"]);
});

test("arguments of commands and of processes are not recorded, nor what the log has of them", async (t) => {
  const program = new RecordedProgram(t);
  const restart_command = "systemctl restart api --token planted1";
  program.start(
    ["api", { start_command: "env PASSWORD=planted2 start-api", restart_command }],
    ["agent", { pre_start_command: "/usr/bin/notify --password planted3", match: "substring" }],
  );
  const partials = [{ pid: 7, startTime: 1, shown: "/usr/bin/agent-wrapper --password planted4" }];
  program.observe({ kind: "seen", at: program.clock.now(), sightings: [{ key: "agent", partials }] });
  await program.recorder.close();
  const text = [...readRecording(segmentsIn(program.directory))].map((line) => line.text).join("\n");
  assert.ok(!text.includes("planted"), text.match(/.{80}planted./)?.[0]);
  assert.ok(text.includes("systemctl restart api.service"), "the unit is lost");
  assert.ok(text.includes('in its command line, \\"agent-wrapper ***\\"'), "the log line is lost");
});

test("a recording keeps to its size: the oldest segments go, and what is left begins with a state", async (t) => {
  const limitBytes = 100_000;
  const program = new RecordedProgram(t, { limitBytes });
  program.start(...Array.from({ length: 50 }, (_, index) => [`process-${index}`] as [string]));
  for (let round = 0; round < 150; round++) {
    for (let index = 0; index < 50; index++)
      program.seen(`process-${index}`, (round * 7919 + index * 104_729) % 999_983);
    await program.clock.advance(1000);
    await program.writer.settled();
    const sizes = segmentsIn(program.directory).map((path) => statSync(path).size);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= limitBytes * 1.1, `${sizes}`);
  }
  await program.recorder.close();
  const names = readdirSync(program.directory).sort();
  assert.ok(names.length > 2 && names[0] !== "000001.rec", names.join());
  const [first] = linesOf(program.directory);
  assert.ok(first?.kind === "segment" && first.begins === "next");
});

test("what a killed program has torn is read around, and the next program begins another segment", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  await program.recorder.close();
  const [path = ""] = segmentsIn(program.directory);
  const whole = kindsOf(program.directory);
  const contents = readFileSync(path);
  for (let cut = contents.length - 1; cut > 0; cut -= 7) {
    writeFileSync(path, contents.subarray(0, cut));
    if (cut < 8 + contents.readUInt32BE(0))
      assert.throws(() => kindsOf(program.directory), { code: "RECORDING_UNREADABLE" });
    else assert.deepEqual(kindsOf(program.directory), whole.slice(0, kindsOf(program.directory).length));
  }
  // What a power failure leaves: a part that was not written, or zeros in its place.
  for (const torn of [Buffer.from([0, 0, 255, 1, 2, 3, 4, 5, 6, 7]), Buffer.alloc(4096)]) {
    writeFileSync(path, contents);
    appendFileSync(path, torn);
    assert.deepEqual(kindsOf(program.directory), whole);
  }
  assert.equal(recordingOperations.beginRecordingSegment(program.directory, 1e6), 2);
});

test("a disk that refuses: records are dropped and counted, status shows it, and recording goes on with a gap", async (t) => {
  let refuses = false;
  const { appendRecordingBlock } = recordingOperations;
  const program: RecordedProgram = new RecordedProgram(t, {
    files: {
      append: (segment, lines) =>
        refuses
          ? Promise.reject(new Error("ENOSPC: no space left on device"))
          : Promise.resolve(appendRecordingBlock(program.directory, segment, lines)),
    },
  });
  const written = async (ms: number): Promise<void> => {
    await program.clock.advance(ms);
    await program.writer.settled();
  };
  program.start(["nova-compute"]);
  await written(1000);
  refuses = true;
  program.seen("nova-compute", 12);
  await written(1000);
  assert.equal(program.problem, "ENOSPC: no space left on device (1 records dropped)");
  program.seen("nova-compute", 13);
  await written(5000);
  assert.equal(program.problem, "ENOSPC: no space left on device (2 records dropped)");
  const segments = segmentsIn(program.directory).length;
  await written(60_000);
  assert.equal(segmentsIn(program.directory).length, segments);
  refuses = false;
  // Nothing is to be recorded, and still it is noticed.
  await written(5000);
  assert.equal(program.problem, undefined);
  program.seen("nova-compute", 14);
  await program.recorder.close();
  const begins = linesOf(program.directory).flatMap((line) => (line.kind === "segment" ? line.begins : []));
  assert.deepEqual([begins[0], begins.at(-1)], ["start", "gap"]);
  const suspended = program.log.lines.filter((line) => line.includes("is suspended"));
  assert.equal(suspended.length, 1, program.log.lines.join("\n"));
  assert.ok(program.log.lines.at(-1)?.includes("recording continues"));
});

test("a recording that is deleted under the running monitor begins again, with a line that counts what is missing", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  await program.clock.advance(1000);
  await program.writer.settled();
  rmSync(program.directory, { recursive: true });
  for (const wait of [1000, 5000]) {
    program.seen("nova-compute", 12 + wait);
    await program.clock.advance(wait);
    await program.writer.settled();
    assert.equal(program.problem, undefined);
  }
  assert.deepEqual(program.log.lines, ["info processmonitor: recording continues; records dropped: 2"]);
  assert.equal(linesOf(program.directory)[0]?.kind, "segment");
});

test("a disk that does not reply costs a bounded amount of memory, and no call waits", async (t) => {
  const never = new Promise<never>(() => undefined);
  const program = new RecordedProgram(t, { files: { append: () => never } });
  program.start(["nova-compute"]);
  const long = "x".repeat(10_000);
  for (let look = 0; look < 2000; look++) {
    program.observe({ kind: "seen", at: program.clock.now(), sightings: [{ key: `${look}`, problem: long }] });
  }
  await program.clock.advance(1000);
  assert.match(program.problem ?? "", /^the disk takes it too slowly \(\d+ records dropped\)$/);
});

test("a file that is no recording is refused", (t) => {
  const program = new RecordedProgram(t);
  const path = join(program.statePath, "..", "other");
  for (const contents of ["", "no recording", `\0\0\0\x01${"a".repeat(100)}`]) {
    writeFileSync(path, contents);
    assert.throws(() => [...readRecording([path])], { code: "RECORDING_UNREADABLE" });
  }
  rmSync(path);
});

test("a segment that the recorder deletes while it is read is left out", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  await program.recorder.close();
  const [path = ""] = segmentsIn(program.directory);
  const gone = join(program.directory, "000000.rec");
  assert.equal([...readRecording([gone, path])].length, kindsOf(program.directory).length);
});

test("a disk that fills up while a segment begins keeps the segments before it", async (t) => {
  let room = Number.POSITIVE_INFINITY;
  const { appendRecordingBlock } = recordingOperations;
  const program: RecordedProgram = new RecordedProgram(t, {
    files: {
      append: (segment, lines) =>
        room-- > 0
          ? Promise.resolve(appendRecordingBlock(program.directory, segment, lines))
          : Promise.reject(new Error("ENOSPC: no space left on device")),
    },
  });
  program.start(...Array.from({ length: 2000 }, (_, index) => [`process-${index}`] as [string]));
  await program.clock.advance(1000);
  await program.writer.settled();
  room = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    program.seen("process-1", attempt);
    await program.clock.advance(5000);
    await program.writer.settled();
    // Each retry has room for the first of several blocks of the state.
    room = 1;
  }
  assert.match(program.problem ?? "", /ENOSPC/);
  assert.equal(segmentsIn(program.directory).length, 2);
  room = Number.POSITIVE_INFINITY;
  program.seen("process-1", 1234);
  await program.clock.advance(5000);
  await program.recorder.close();
  assert.equal(program.problem, undefined);
  const segments = linesOf(program.directory).filter(({ kind }) => kind === "segment");
  assert.equal(segments.length, 2);
});

test("a state that is larger than the whole recording may be is not written anew each second", async (t) => {
  const program = new RecordedProgram(t, { limitBytes: 20_000 });
  program.start(
    ...Array.from({ length: 2000 }, (_, index) => [`process-${index}-${(index * 7919) % 99_991}`] as [string]),
  );
  for (let second = 0; second < 60; second++) {
    program.seen("process-1-7919", second);
    await program.clock.advance(1000);
    await program.writer.settled();
  }
  await program.recorder.close();
  const [path = ""] = segmentsIn(program.directory);
  assert.ok(statSync(path).size > 20_000, "the state is small");
  const last = Number(readdirSync(program.directory).sort().at(-1)?.slice(0, 6));
  assert.ok(last <= 8, `${last} segments were begun`);
});
