import assert from "node:assert/strict";
import { test } from "node:test";
import { Anonymiser } from "../../src/cli/recording/anonymise.ts";
import { Names } from "../../src/cli/recording/names.ts";
import { replayables } from "../../src/cli/recording/replayables.ts";
import { encode } from "../../src/monitor/recording/encode.ts";
import type { RecordingLine } from "../../src/monitor/recording/record.ts";
import type { Replayable } from "../../src/monitor/recording/replay.ts";
import type { HostWithMonitor } from "../support/harness/host-with-monitor.ts";
import { checkLines, MemoryRecording } from "../support/harness/memory-recording.ts";
import { playBeforeTests } from "../support/play-before-tests.ts";
import { Seeded } from "../support/seeded.ts";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { HostSchedule } from "./host-schedule.ts";
import { InstanceWorld } from "./instance-world.ts";
import { scheduleOf as introspectiveScheduleOf } from "./introspective-schedule.ts";
import { scheduleOf as processScheduleOf } from "./process-schedule.ts";

interface Played {
  readonly recordings: readonly MemoryRecording[];
  readonly history: readonly string[];
  readonly play: () => Promise<void>;
}

/** One world in which the schedule is played and recorded. */
type Recorded = (seed: number) => Played;

// biome-ignore lint/suspicious/noExplicitAny: whatever the monitor
function inWorld(world: HostWithMonitor<any, any, any>, play: () => Promise<void>): Played {
  const recording = new MemoryRecording();
  world.recording = recording;
  return { recordings: [recording], history: world.log, play };
}

const worlds: Readonly<Record<string, { readonly schedules: number; readonly recorded: Recorded }>> = {
  // First: the others' clock has the immediates of the whole process.
  hostmonitor: {
    schedules: 6,
    recorded: (seed) => {
      const schedule = new HostSchedule(seed, { sensing: "quick" });
      const { hosts, timeline } = schedule.world;
      for (const host of hosts) host.recording = new MemoryRecording();
      const recordings = hosts.flatMap(({ recording }) => recording ?? []);
      return { recordings, history: timeline.lines, play: () => schedule.play() };
    },
  },
  processmonitor: {
    schedules: 40,
    recorded: (seed) => {
      const { world, play } = processScheduleOf(seed);
      return inWorld(world, play);
    },
  },
  instancemonitor: {
    schedules: 40,
    recorded: (seed) => {
      const world = new InstanceWorld(new Seeded(seed));
      return inWorld(world, async () => {
        world.startMonitor();
        for (let step = 0; step < 200; step++) await world.step();
        await world.peace();
      });
    },
  },
  introspectiveinstancemonitor: {
    schedules: 8,
    recorded: (seed) => {
      const { world, play } = introspectiveScheduleOf(seed);
      return inWorld(world, play);
    },
  },
};

/** So many recordings of each monitor are anonymised too. */
const ANONYMISED = 2;

/** None of the names is left, and every decision is as it was. */
function checkAnonymised({ lines }: MemoryRecording, monitor: Replayable): void {
  const names = new Names();
  let program = "";
  for (const line of lines) {
    if (line.kind === "segment") program = line.program;
    names.add(line, program);
  }
  const replacements = names.replacements();
  const anonymiser = new Anonymiser(replacements);
  const anonymised = lines.map((line) => (line.kind === "segment" ? line : (anonymiser.of(line) as RecordingLine)));
  checkLines(anonymised, monitor);
  // Without the names of members.
  const contents = anonymised.filter(({ kind }) => kind !== "segment");
  // A command that is a word is replaced where it is a command, not where a text has the word.
  const isWord = (name: string): boolean => /^command-\d+$/.test(replacements.get(name) ?? "");
  const text = contents.map((line) => encode(line).replaceAll(/"\w+":/g, "")).join("\n");
  assert.ok(replacements.size > 2, `only ${replacements.size} names`);
  assert.deepEqual(
    [...replacements.keys()].filter((name) => !isWord(name) && new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text)),
    [],
  );
}

for (const [program, { schedules, recorded }] of Object.entries(worlds)) {
  const count = schedulesOr(schedules);
  const totals = await playBeforeTests(async () => {
    const monitor = await replayables[program]?.();
    assert.ok(monitor);
    const totals = { decisions: 0, segments: 0, anonymised: 0 };
    await playSchedules(count, (seed) => {
      const { recordings, history, play } = recorded(seed);
      return {
        history,
        play: async () => {
          await play();
          for (const recording of recordings) {
            totals.decisions += recording.check(monitor);
            totals.segments += recording.segments;
            if (totals.anonymised++ < ANONYMISED) checkAnonymised(recording, monitor);
          }
        },
      };
    });
    return totals;
  });

  test(`${program}: what ${count} bad days have recorded is decided in the same way when it is replayed`, (context) => {
    const { decisions, segments } = totals();
    context.diagnostic(`${decisions} decisions in ${segments} segments`);
    // A recording that has nothing in it would prove nothing.
    assert.ok(decisions > count * 50, `only ${decisions} decisions`);
    assert.ok(segments > count, `only ${segments} segments`);
  });
}
