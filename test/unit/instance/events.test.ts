import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestEvent } from "../../../src/instance/observation.ts";
import { GUEST, InstanceDecisions } from "../../support/instance-decisions.ts";

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

/** Everything else that libvirt 9 can emit about a guest, but for STOPPED CRASHED. */
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

const minds: Readonly<Record<string, () => InstanceDecisions>> = {
  "a guest that runs": () => InstanceDecisions.watching(),
  "a guest that is not known": () => InstanceDecisions.watching([]),
  "a guest at the very first, before any look": () => {
    const decisions = new InstanceDecisions();
    decisions.start();
    decisions.connected();
    return decisions;
  },
};

for (const [who, mindOf] of Object.entries(minds)) {
  test(`${who}: every row of upstream's table is notified`, () => {
    for (const [kind, words, notified] of TABLE) {
      const decisions = mindOf();
      decisions.event(eventOf(kind, words));
      assert.deepEqual(decisions.events, [notified], words);
    }
  });

  test(`${who}: nothing else is notified`, () => {
    for (const [kind, words] of UNTOLD) {
      const decisions = mindOf();
      decisions.event(eventOf(kind, words));
      assert.deepEqual(decisions.events, [], words);
    }
  });
}

test("the rows one after the other, of one guest: each is notified, in order", () => {
  const decisions = InstanceDecisions.watching();
  for (const [kind, words] of TABLE) decisions.event(eventOf(kind, words));
  assert.deepEqual(
    decisions.events,
    TABLE.map(([, , notified]) => notified),
  );
});

test("of a burst the first is notified at once; after the window it is another one", () => {
  const decisions = InstanceDecisions.watching([{}], { collapse_window: 2 });
  for (const mono of [1000, 1020, 1060, 2999, 3000, 3500]) {
    decisions.mono = mono;
    decisions.event({ kind: "reboot" });
  }
  assert.deepEqual(decisions.events, ["REBOOT/UNKNOWN", "REBOOT/UNKNOWN"]);
  assert.equal(decisions.notified[0]?.generated_time, "2026-11-22T12:00:01");
});

test("the bursts of two guests are two", () => {
  const decisions = InstanceDecisions.watching();
  decisions.event({ kind: "reboot" });
  decisions.event({ kind: "reboot" }, "00000000-0000-4000-8000-000000000002");
  assert.equal(decisions.events.length, 2);
});

test("two failures of one guest are two, however soon the second comes", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("STOPPED FAILED");
  decisions.lifecycle("STARTED BOOTED", GUEST, 2);
  decisions.lifecycle("STOPPED FAILED", GUEST, 2);
  assert.deepEqual(decisions.events, [FAILED, FAILED]);
  assert.deepEqual(decisions.undelivered, [FAILED]);
});

test("a guest that is going down and restarts instead, runs", () => {
  for (const words of ["REBOOT", "RESUMED UNPAUSED"]) {
    const decisions = InstanceDecisions.watching();
    decisions.lifecycle("SHUTDOWN GUEST");
    if (words === "REBOOT") decisions.event({ kind: "reboot" });
    else decisions.lifecycle(words);
    assert.equal(decisions.state.guests.get(GUEST)?.state, "RUNNING");
    decisions.lose();
    decisions.connect([{ state: "SHUTOFF", reason: "CRASHED" }]);
    assert.equal(decisions.events.at(-1), FAILED);
  }
});

test("started again: nothing undelivered of its earlier run is true", () => {
  const decisions = InstanceDecisions.watching();
  decisions.event({ kind: "ioError", action: "REPORT" });
  decisions.lifecycle("STOPPED FAILED");
  // libvirt's order at a start.
  decisions.lifecycle("RESUMED UNPAUSED", GUEST, 2);
  decisions.lifecycle("STARTED BOOTED", GUEST, 2);
  assert.deepEqual(decisions.undelivered, []);
});

test("resumed: that it was suspended is over, that its disk fails is not", () => {
  const decisions = InstanceDecisions.watching();
  decisions.event({ kind: "ioError", action: "REPORT" });
  decisions.event({ kind: "ioError", action: "PAUSE" });
  decisions.lifecycle("SUSPENDED IOERROR");
  decisions.lifecycle("RESUMED UNPAUSED");
  assert.deepEqual(decisions.undelivered, ["IO_ERROR/IO_ERROR_REPORT"]);
});

test("woken up is not started again", () => {
  const decisions = InstanceDecisions.watching();
  decisions.event({ kind: "ioError", action: "REPORT" });
  decisions.lifecycle("PMSUSPENDED MEMORY");
  decisions.lifecycle("STARTED WAKEUP");
  assert.deepEqual(decisions.undelivered, ["IO_ERROR/IO_ERROR_REPORT"]);
});

test("undefined: there is nothing left here to recover", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("STOPPED FAILED");
  decisions.lifecycle("UNDEFINED REMOVED");
  assert.deepEqual(decisions.undelivered, []);
});

test("an undefined guest that still runs, fails as any other", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("UNDEFINED REMOVED");
  decisions.lifecycle("STOPPED FAILED");
  assert.deepEqual(decisions.undelivered, [FAILED]);
});

test("events that lead to no notification are counted by why", () => {
  const decisions = InstanceDecisions.watching();
  const ignored = () =>
    decisions.effects.flatMap((one) =>
      one.kind === "count" && one.counter === "events_ignored" ? [one.labels.reason] : [],
    );
  decisions.lifecycle("RESUMED UNPAUSED");
  decisions.event({ kind: "reboot" });
  decisions.event({ kind: "reboot" });
  decisions.lifecycle("STARTED MIGRATED", GUEST, 2);
  decisions.lifecycle("STOPPED FAILED", GUEST, 2);
  assert.deepEqual(ignored(), ["no_failure", "repeat", "no_failure", "explained"]);
  decisions.lifecycle("STARTED BOOTED", GUEST, 3);
  decisions.lifecycle("STOPPED FAILED", GUEST, 3);
  assert.equal(ignored().length, 5, "the failure is notified and not ignored");
});
