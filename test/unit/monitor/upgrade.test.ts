import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { instanceMonitor } from "../../../src/instance/monitor.ts";
import { introspectiveMonitor } from "../../../src/introspective/monitor.ts";
import type { Monitor, OwnEffect } from "../../../src/monitor/contract.ts";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { Outbox } from "../../../src/notify/outbox.ts";
import { Store } from "../../../src/notify/store.ts";
import { processMonitor } from "../../../src/process/monitor.ts";
import { plainSettings as guestSettings } from "../../support/introspective-world.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { stateDirectory } from "../../support/outbox-rig.ts";
import { plainSettings } from "../../support/process-entries.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const FIXTURES = "test/fixtures/state-0.1.0";
const bootId = "c0ffee00-0000-4000-8000-000000000001";
const uuid = (last: number) => `00000000-0000-4000-8000-00000000000${last}`;
const instanceSettings = {
  hostname: "compute-1",
  notify_guest_panic: true,
  collapse_window: 10,
  qemu_log_directory: "/var/log/libvirt/qemu",
};

/** One start of a monitor over a state directory; what the loop restored is what `decide` is given first. */
function start<State, Observation, Effect extends OwnEffect>(
  make: (parts: { clock: VirtualClock; log: KeptLog; bootId: string }) => Monitor<State, Observation, Effect>,
  statePath: string,
) {
  const [clock, log] = [new VirtualClock(), new KeptLog()];
  const monitor = make({ clock, log, bootId });
  let state: State | undefined;
  const watched: typeof monitor = {
    ...monitor,
    decide: (given) => {
      state = given;
      return { state: given, effects: [] };
    },
  };
  const store = new Store({ statePath, program: monitor.name, clock, log, bootId });
  store.open();
  const outbox = new Outbox({ store, clock, log, bootId, expiryMs: 86_400_000 });
  const stop = new AbortController();
  const loop = new Loop(watched, { store, outbox, clock, log, progress: noProgress() }, stop.signal, () => undefined);
  loop.start();
  loop.observe({ kind: "woke", at: clock.now(), key: "" } as Observation);
  const owed = outbox.list().map(({ subject, notification }) => [subject, notification.payload.event]);
  stop.abort();
  store.close();
  return { state: state ?? assert.fail(), owed, log };
}

/** Of a state directory that version 0.1.0 left. */
function left(t: TestContext, name: string): string {
  const directory = stateDirectory(t);
  mkdirSync(directory, { mode: 0o700 });
  cpSync(join(FIXTURES, `${name}.sqlite`), join(directory, `${name}.sqlite`));
  return directory;
}

function rowsIn(directory: string, name: string): Map<string, unknown> {
  const db = new DatabaseSync(join(directory, `${name}.sqlite`), { readOnly: true });
  const rows = db.prepare("SELECT key, value FROM saved ORDER BY key").all();
  const version = db.prepare("PRAGMA user_version").get();
  db.close();
  assert.equal(version?.user_version, 2);
  return new Map(rows.map(({ key, value }) => [String(key), JSON.parse(String(value))]));
}

for (const run of ["the first start after 0.1.0", "the second"]) {
  /** The second finds what the first has made of the file. */
  const again = <Result>(startIt: () => Result): Result => {
    const first = startIt();
    return run === "the second" ? startIt() : first;
  };

  test(`instance monitor, ${run}: its guests and what it owes are as they were`, (t) => {
    const directory = left(t, "instancemonitor");
    const { state, owed, log } = again(() =>
      start(
        (parts) => instanceMonitor({ ...parts, settings: instanceSettings, connectionUri: "qemu:///system" }),
        directory,
      ),
    );
    assert.deepEqual(owed, [[`instance:${uuid(2)}`, "LIFECYCLE"]]);
    assert.deepEqual([state.bootId, state.complete], [bootId, true]);
    assert.deepEqual(
      [...state.guests].map(([id, guest]) => [id, guest.name, guest.id, guest.state, guest.reason, guest.transient]),
      [
        [uuid(1), "instance-00000001", 1, "RUNNING", "BOOTED", false],
        [uuid(2), "instance-00000002", 2, "SHUTOFF", "CRASHED", false],
        [uuid(3), "instance-00000003", -1, "SHUTOFF", "SHUTDOWN", false],
      ],
    );
    const rows = rowsIn(directory, "instancemonitor");
    assert.deepEqual(rows.get("instancemonitor"), { version: 2, bootId, complete: true });
    assert.deepEqual(
      [...rows.keys()].slice(1),
      [1, 2, 3].map((last) => `instancemonitor/guests/${uuid(last)}`),
    );
    assert.deepEqual(log.lines, []);
  });

  test(`introspective monitor, ${run}: guests, reports, short time-outs and what it owes are as they were`, (t) => {
    const directory = left(t, "introspectiveinstancemonitor");
    const { state, owed } = again(() =>
      start(
        (parts) => introspectiveMonitor({ ...parts, settings: guestSettings, agentPath: ".*", uri: "qemu:///system" }),
        directory,
      ),
    );
    assert.deepEqual(owed, [[`guest:${uuid(2)}`, "QEMU_GUEST_AGENT_ERROR"]]);
    assert.equal(state.bootId, bootId);
    assert.deepEqual(
      [...state.guests].map(([id, { phase, suspected, alreadyNotified }]) => [id, phase, suspected, alreadyNotified]),
      [
        [uuid(1), "healthy", false, false],
        [uuid(2), "reported", true, true],
        [uuid(3), "healthy", true, false],
      ],
    );
    assert.deepEqual([...state.reports], [[uuid(2), [31_000]]]);
    assert.deepEqual([...state.shortTimeouts.keys()], [uuid(2), uuid(3)]);
    const [first, ...others] = rowsIn(directory, "introspectiveinstancemonitor");
    assert.deepEqual(first, ["introspectiveinstancemonitor", { version: 2, bootId }]);
    assert.equal(others.length, 3 + 1 + 2);
  });

  test(`process monitor, ${run}: what it watched, what it notified and what it owes are as they were`, (t) => {
    const directory = left(t, "processmonitor");
    const { state, owed } = again(() =>
      start(
        (parts) =>
          processMonitor({
            ...parts,
            settings: plainSettings,
            processListPath: "/nonexistent",
            loadProcessList: () => assert.fail(),
          }),
        directory,
      ),
    );
    assert.deepEqual(owed, [["process:nova-compute", "STOPPED"]]);
    assert.equal(state.bootId, bootId);
    assert.deepEqual(
      [...state.saved].map(([key, one]) => [key, one.toldAt?.mono, one.process?.pid, one.foundUnit, one.seenUp]),
      [
        ["nova-compute", 3000, undefined, null, true],
        ["libvirtd", undefined, 102, "libvirtd.service", true],
        ["ovs-vswitchd", undefined, 103, null, true],
      ],
    );
    const [first, ...others] = rowsIn(directory, "processmonitor");
    assert.deepEqual(first, ["processmonitor", { version: 2, bootId }]);
    assert.deepEqual(
      others.map(([key]) => key.split("/").at(-1)),
      ["libvirtd", "nova-compute", "ovs-vswitchd"],
    );
  });
}
