import assert from "node:assert/strict";
import { test } from "node:test";
import { type Circumstances, explain } from "../../../src/cli/compare/explain.ts";
import { pairsOf, type Received, type Shadowed } from "../../../src/cli/compare/pairs.ts";
import type { StoredNotification } from "../../../src/openstack/masakari-objects.ts";

const process = (process_name: string, event = "STOPPED") => ({ process_name, event });
const at = (seconds: number): string => `2026-11-28T10:00:${String(seconds).padStart(2, "0")}.000000`;

function recorded(payload: Record<string, string>, time: string, hostname = "comp1"): Shadowed {
  return { program: "processmonitor", notification: { type: "PROCESS", hostname, generated_time: time, payload } };
}

function received(payload: Record<string, string>, time: string, hostname = "comp1"): Received {
  const stored = {
    type: "PROCESS",
    payload,
    generated_time: time,
    notification_uuid: `uuid of ${time}`,
    status: "finished",
  } as unknown as StoredNotification;
  return { stored, hostname, payload };
}

function compared(shadowed: readonly Shadowed[], theirs: readonly Received[], more: Partial<Circumstances> = {}) {
  const since = new Map([["PROCESS", Date.parse("2026-11-28T09:00:00Z")]]);
  const circumstances = {
    shadowed,
    received: theirs,
    withdrawn: [],
    sent: new Set<string>(),
    onMaintenance: new Set<string>(),
    since,
    ...more,
  };
  return pairsOf(shadowed, theirs).map((pair) => ({
    here: pair.shadowed?.notification.generated_time,
    there: pair.received?.stored.generated_time,
    difference: explain(pair, circumstances),
  }));
}

test("the same event is one line with the delay, whatever the order of the payload's members", () => {
  const ours = [recorded({ process_name: "libvirtd", event: "STOPPED" }, at(10))];
  const theirs = [received({ event: "STOPPED", process_name: "libvirtd" }, at(14))];
  assert.deepEqual(compared(ours, theirs), [
    { here: at(10), there: at(14), difference: "4.0 s earlier than the other monitor" },
  ]);
});

test("two at the same moment are so", () => {
  const ours = [recorded(process("a"), at(10))];
  const [line] = compared(ours, [received(process("a"), at(10))]);
  assert.equal(line?.difference, "at the same time as the other monitor");
});

test("of several like it each is paired with the nearest", () => {
  const ours = [recorded(process("a"), at(0)), recorded(process("a"), at(30))];
  const theirs = [received(process("a"), at(33)), received(process("a"), at(2))];
  assert.deepEqual(
    compared(ours, theirs).map(({ here, there }) => [here, there]),
    [
      [at(0), at(2)],
      [at(30), at(33)],
    ],
  );
});

test("what Masakari has not received is explained: maintenance, a repeat, another event, or nothing at all", () => {
  const one = [recorded(process("a"), at(10))];
  assert.match(compared(one, [], { onMaintenance: new Set(["comp1"]) })[0]?.difference ?? "", /on maintenance/);
  const twice = [recorded(process("a"), at(10)), recorded(process("a"), at(40))];
  assert.match(compared(twice, [received(process("a"), at(11))])[1]?.difference ?? "", /refuses a repeat within 180 s/);
  const started = received(process("a", "STARTED"), at(12));
  assert.match(compared(one, [started])[0]?.difference ?? "", /reported .*STARTED/);
  assert.match(compared(one, [])[0]?.difference ?? "", /has not received it/);
  assert.match(compared(one, [received(process("a"), at(10), "comp2")])[0]?.difference ?? "", /has not received it/);
});

test("what was not recorded here is explained: taken back, another event, before the first record, or not found worth it", () => {
  const theirs = [received(process("a"), at(10))];
  const withdrawn = [{ ...recorded(process("a"), at(9)), reason: "a runs again" }];
  assert.match(compared([], theirs, { withdrawn })[0]?.difference ?? "", /took it back: a runs again/);
  const sent = new Set([`uuid of ${at(10)}`]);
  assert.match(compared([], theirs, { sent })[0]?.difference ?? "", /sent it itself: it was not in shadow mode/);
  const other = recorded(process("a", "STARTED"), at(12));
  const rows = compared([other], theirs);
  assert.match(rows.find(({ here }) => here === undefined)?.difference ?? "", /recorded .*STARTED/);
  assert.match(compared([], theirs, { since: new Map() })[0]?.difference ?? "", /recorded nothing/);
  const later = new Map([["PROCESS", Date.parse("2026-11-28T11:00:00Z")]]);
  assert.match(compared([], theirs, { since: later })[0]?.difference ?? "", /older than/);
  assert.match(compared([], theirs)[0]?.difference ?? "", /did not find it worth/);
});
