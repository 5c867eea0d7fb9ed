import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestEvent } from "../../../src/instance/observation.ts";
import { GUEST, InstanceMind } from "../../support/instance-mind.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const TABLE: readonly (readonly [GuestEvent["kind"], string, string])[] = [
  ["lifecycle", "SUSPENDED IOERROR", "LIFECYCLE/SUSPENDED_IOERROR"],
  ["lifecycle", "SUSPENDED WATCHDOG", "LIFECYCLE/SUSPENDED_WATCHDOG"],
  ["lifecycle", "SUSPENDED API_ERROR", "LIFECYCLE/SUSPENDED_API_ERROR"],
  ["lifecycle", "STOPPED SHUTDOWN", "LIFECYCLE/STOPPED_SHUTDOWN"],
  ["lifecycle", "STOPPED DESTROYED", "LIFECYCLE/STOPPED_DESTROYED"],
  ["lifecycle", "STOPPED FAILED", FAILED],
  ["lifecycle", "SHUTDOWN FINISHED", "LIFECYCLE/SHUTDOWN_FINISHED"],
  ["reboot", "", "REBOOT/UNKNOWN"],
  ["watchdog", "NONE", "WATCHDOG/WATCHDOG_NONE"],
  ["watchdog", "PAUSE", "WATCHDOG/WATCHDOG_PAUSE"],
  ["watchdog", "RESET", "WATCHDOG/WATCHDOG_RESET"],
  ["watchdog", "POWEROFF", "WATCHDOG/WATCHDOG_POWEROFF"],
  ["watchdog", "SHUTDOWN", "WATCHDOG/WATCHDOG_SHUTDOWN"],
  ["watchdog", "DEBUG", "WATCHDOG/WATCHDOG_DEBUG"],
  ["ioError", "NONE", "IO_ERROR/IO_ERROR_NONE"],
  ["ioError", "PAUSE", "IO_ERROR/IO_ERROR_PAUSE"],
  ["ioError", "REPORT", "IO_ERROR/IO_ERROR_REPORT"],
  ["ioErrorReason", "", "IO_ERROR_REASON/UNKNOWN"],
  ["controlError", "", "CONTROL_ERROR/UNKNOWN"],
];

/** Everything else that libvirt 9 can say of a guest, but for STOPPED CRASHED. */
const UNTOLD: readonly (readonly [GuestEvent["kind"], string])[] = [
  ...["ADDED", "UPDATED", "RENAMED", "FROM_SNAPSHOT"].map((detail) => ["lifecycle", `DEFINED ${detail}`] as const),
  ...["REMOVED", "RENAMED"].map((detail) => ["lifecycle", `UNDEFINED ${detail}`] as const),
  ...["BOOTED", "MIGRATED", "RESTORED", "FROM_SNAPSHOT", "WAKEUP", "99"].map(
    (detail) => ["lifecycle", `STARTED ${detail}`] as const,
  ),
  ...["PAUSED", "MIGRATED", "RESTORED", "FROM_SNAPSHOT", "POSTCOPY", "POSTCOPY_FAILED"].map(
    (detail) => ["lifecycle", `SUSPENDED ${detail}`] as const,
  ),
  ...["UNPAUSED", "MIGRATED", "FROM_SNAPSHOT", "POSTCOPY"].map((detail) => ["lifecycle", `RESUMED ${detail}`] as const),
  ...["MIGRATED", "SAVED", "FROM_SNAPSHOT", "99"].map((detail) => ["lifecycle", `STOPPED ${detail}`] as const),
  ...["GUEST", "HOST"].map((detail) => ["lifecycle", `SHUTDOWN ${detail}`] as const),
  ["lifecycle", "PMSUSPENDED MEMORY"],
  ["lifecycle", "CRASHED CRASHLOADED"],
  ["lifecycle", "99 99"],
  ["watchdog", "INJECTNMI"],
  ["ioError", "99"],
];

function eventOf(kind: GuestEvent["kind"], words: string): GuestEvent {
  const [event = "", detail = ""] = words.split(" ");
  if (kind === "lifecycle") return { kind, event, detail };
  return kind === "watchdog" || kind === "ioError" ? { kind, action: event } : { kind };
}

const minds: Readonly<Record<string, () => InstanceMind>> = {
  "a guest that runs": () => InstanceMind.watching(),
  "a guest that is not known": () => InstanceMind.watching([]),
  "a guest at the very first, before any look": () => {
    const mind = new InstanceMind();
    mind.start();
    mind.connected();
    return mind;
  },
};

for (const [who, mindOf] of Object.entries(minds)) {
  test(`${who}: every row of upstream's table is told`, () => {
    for (const [kind, words, told] of TABLE) {
      const mind = mindOf();
      mind.event(eventOf(kind, words));
      assert.deepEqual(mind.told, [told], words);
    }
  });

  test(`${who}: nothing else is told`, () => {
    for (const [kind, words] of UNTOLD) {
      const mind = mindOf();
      mind.event(eventOf(kind, words));
      assert.deepEqual(mind.told, [], words);
    }
  });
}

test("the rows one after the other, of one guest: each is told, in order", () => {
  const mind = InstanceMind.watching();
  for (const [kind, words] of TABLE) mind.event(eventOf(kind, words));
  assert.deepEqual(
    mind.told,
    TABLE.map(([, , told]) => told),
  );
});

test("of a burst the first is told at once; after the window it is another one", () => {
  const mind = InstanceMind.watching([{}], { collapse_window: 2 });
  for (const mono of [1000, 1020, 1060, 2999, 3000, 3500]) {
    mind.mono = mono;
    mind.event({ kind: "reboot" });
  }
  assert.deepEqual(mind.told, ["REBOOT/UNKNOWN", "REBOOT/UNKNOWN"]);
  assert.equal(mind.notified[0]?.generated_time, "2026-11-22T12:00:01");
});

test("the bursts of two guests are two", () => {
  const mind = InstanceMind.watching();
  mind.event({ kind: "reboot" });
  mind.event({ kind: "reboot" }, "00000000-0000-4000-8000-000000000002");
  assert.equal(mind.told.length, 2);
});

test("two failures of one guest are two, however soon the second comes", () => {
  const mind = InstanceMind.watching();
  mind.life("STOPPED FAILED");
  mind.life("STARTED BOOTED", GUEST, 2);
  mind.life("STOPPED FAILED", GUEST, 2);
  assert.deepEqual(mind.told, [FAILED, FAILED]);
  assert.deepEqual(mind.undelivered, [FAILED]);
});

test("a guest that is going down and restarts instead, runs", () => {
  for (const words of ["REBOOT", "RESUMED UNPAUSED"]) {
    const mind = InstanceMind.watching();
    mind.life("SHUTDOWN GUEST");
    if (words === "REBOOT") mind.event({ kind: "reboot" });
    else mind.life(words);
    assert.equal(mind.state.guests.get(GUEST)?.state, "RUNNING");
    mind.lose();
    mind.connect([{ state: "SHUTOFF", reason: "CRASHED" }]);
    assert.equal(mind.told.at(-1), FAILED);
  }
});

test("started again: nothing undelivered of its earlier run is true", () => {
  const mind = InstanceMind.watching();
  mind.event({ kind: "ioError", action: "REPORT" });
  mind.life("STOPPED FAILED");
  // libvirt's order at a start.
  mind.life("RESUMED UNPAUSED", GUEST, 2);
  mind.life("STARTED BOOTED", GUEST, 2);
  assert.deepEqual(mind.undelivered, []);
});

test("resumed: that it was suspended is over, that its disk fails is not", () => {
  const mind = InstanceMind.watching();
  mind.event({ kind: "ioError", action: "REPORT" });
  mind.event({ kind: "ioError", action: "PAUSE" });
  mind.life("SUSPENDED IOERROR");
  mind.life("RESUMED UNPAUSED");
  assert.deepEqual(mind.undelivered, ["IO_ERROR/IO_ERROR_REPORT"]);
});

test("woken up is not started again", () => {
  const mind = InstanceMind.watching();
  mind.event({ kind: "ioError", action: "REPORT" });
  mind.life("PMSUSPENDED MEMORY");
  mind.life("STARTED WAKEUP");
  assert.deepEqual(mind.undelivered, ["IO_ERROR/IO_ERROR_REPORT"]);
});

test("undefined: there is nothing left here to recover", () => {
  const mind = InstanceMind.watching();
  mind.life("STOPPED FAILED");
  mind.life("UNDEFINED REMOVED");
  assert.deepEqual(mind.undelivered, []);
});

test("an undefined guest that still runs, fails as any other", () => {
  const mind = InstanceMind.watching();
  mind.life("UNDEFINED REMOVED");
  mind.life("STOPPED FAILED");
  assert.deepEqual(mind.undelivered, [FAILED]);
});
