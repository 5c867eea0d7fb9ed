import assert from "node:assert/strict";
import { test } from "node:test";
import { GATES } from "../../../../src/host/decide/gates.ts";
import { HELD_BY } from "../../../../src/status/metrics/counted.ts";
import { exposition } from "../../../../src/status/metrics/exposition.ts";
import { FAMILIES } from "../../../../src/status/metrics/families.ts";
import { Histogram } from "../../../../src/system/histogram.ts";
import { factsWith, NOW } from "../../../support/health-facts.ts";
import { metricSource } from "../../../support/metric-source.ts";

const linesOf = (text: string, name: string) =>
  text.split("\n").filter((line) => line.startsWith(`masakari_monitor_${name}{`));
const subject = (kind: string, name: string, phase: string) => {
  return { kind, name, phase, since: { wall: 0, mono: 0 }, lastEvent: undefined };
};

test("a metric has one heading, and a sample for each monitor of the process", () => {
  const identity = { program: "hostmonitor", version: "1.2.3", started: { wall: 0, mono: NOW } };
  const text = exposition([metricSource(), metricSource({}, { identity, type: "COMPUTE_HOST" })]);
  assert.deepEqual(linesOf(text, "build_info"), [
    'masakari_monitor_build_info{monitor="processmonitor",version="1.2.3"} 1',
    'masakari_monitor_build_info{monitor="hostmonitor",version="1.2.3"} 1',
  ]);
  assert.equal(text.match(/^# TYPE masakari_monitor_build_info gauge$/gm)?.length, 1);
  assert.equal(linesOf(text, "gate_holding").filter((line) => line.includes("processmonitor")).length, 0);
  assert.ok(text.endsWith("\n"));
});

test("what waits, and since when, by this host's clock; what was lost apart from what was meant to end", () => {
  const outbox = { pending: 2, oldestPending: NOW - 60_000, counters: { delivered: 3, expired: 1, rejected: 0 } };
  const text = exposition([metricSource({ outbox })]);
  assert.deepEqual(linesOf(text, "outbox_pending"), [
    'masakari_monitor_outbox_pending{monitor="processmonitor",type="PROCESS"} 2',
  ]);
  const oldest = Date.UTC(2026, 10, 28, 11, 59) / 1000;
  assert.deepEqual(linesOf(text, "outbox_oldest_pending_timestamp_seconds"), [
    `masakari_monitor_outbox_oldest_pending_timestamp_seconds{monitor="processmonitor"} ${oldest}`,
  ]);
  assert.ok(text.includes('type="PROCESS",outcome="expired"} 1\n'));
  assert.deepEqual(linesOf(exposition([metricSource()]), "outbox_oldest_pending_timestamp_seconds"), []);
});

test("what is watched by state, without what explains it; a UUID is in no label", () => {
  const uuid = "8b6d0b0e-7a52-4b52-9d3f-0a1c5a2f4d11";
  const subjects = [
    subject("process", "nova-compute", "up, pid 7"),
    subject("process", 'odd "name"\\\n', "down, postponed: the host boots"),
    { ...subject("guest", `instance-${uuid}`, "running (booted)"), id: uuid },
    subject("guest", "other", "running (unpaused)"),
    subject("host", "node2", "offline, lost; held by quorum: no quorum"),
  ];
  const text = exposition([metricSource({}, { facts: { ...factsWith({}), subjects } })]);
  assert.deepEqual(linesOf(text, "guests"), ['masakari_monitor_guests{monitor="processmonitor",state="running"} 2']);
  assert.deepEqual(linesOf(text, "hosts"), ['masakari_monitor_hosts{monitor="processmonitor",state="offline"} 1']);
  assert.deepEqual(linesOf(text, "process_up"), [
    'masakari_monitor_process_up{monitor="processmonitor",process="nova-compute"} 1',
    'masakari_monitor_process_up{monitor="processmonitor",process="odd \\"name\\"\\\\\\n"} 0',
  ]);
  assert.ok(!text.includes(uuid));
});

test("names that are equal once they are cut are one series: Prometheus would refuse all others with it", () => {
  const subjects = ["a", "b"].map((end) => subject("process", `${"x".repeat(5000)}${end}`, "up, pid 1"));
  const text = exposition([metricSource({}, { facts: { ...factsWith({}), subjects } })]);
  assert.equal(linesOf(text, "process_up").length, 1);
});

test("conditions of Masakari and of the gates; what is not known is absent, not 0", () => {
  const condition = (problem: string | undefined) => {
    return { problem, consequence: "c", severity: "degraded" as const, since: { wall: 0, mono: 0 } };
  };
  const conditions = new Map([
    ["host maintenance", condition("on maintenance")],
    ["segment disabled", condition(undefined)],
    ["storm guard", condition("3 hosts")],
  ]);
  const text = exposition([metricSource({ conditions }, { type: "COMPUTE_HOST" })]);
  assert.match(text, /^masakari_monitor_masakari_host_on_maintenance\{.*\} 1$/m);
  assert.match(text, /^masakari_monitor_masakari_segment_enabled\{.*\} 1$/m);
  assert.match(text, /^masakari_monitor_gate_holding\{.*gate="storm guard"\} 1$/m);
  assert.match(text, /^masakari_monitor_gate_holding\{.*gate="quorum"\} 0$/m);
  assert.doesNotMatch(text, /libvirt_connected|host_in_segment/);
});

test("every name is Prometheus', counters end in _total, and each has a help text", () => {
  assert.equal(new Set(FAMILIES.map(({ name }) => name)).size, FAMILIES.length);
  for (const { name, type, help } of FAMILIES) {
    assert.match(name, /^[a-z][a-z0-9_]*$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.match(help, /^[^\\\n]+\.$/);
  }
});

test("gate_holding has every gate of the host monitor", () => {
  const gates = [...GATES.map(({ name }) => name), "second witness"];
  assert.deepEqual(new Set(HELD_BY), new Set(gates));
});

test("what decisions count: with 0 for what has not happened yet, and the connection after the first", () => {
  const ping = new Histogram();
  ping.record(20);
  const counts = [
    { counter: "libvirt_connections", labels: {}, value: 3 },
    { counter: "events_ignored", labels: { reason: "repeat" }, value: 7 },
    { counter: "agent_ping_duration", labels: {}, value: ping.counts },
  ];
  const identity = { program: "instancemonitor", version: "1.2.3", started: { wall: 0, mono: NOW } };
  const text = exposition([metricSource({ loop: { counts } }, { identity, type: "VM", unknownOptions: 2 })]);
  assert.match(text, /^masakari_monitor_libvirt_reconnects_total\{.*\} 2$/m);
  assert.match(text, /^masakari_monitor_events_ignored_total\{.*reason="repeat"\} 7$/m);
  assert.match(text, /^masakari_monitor_events_ignored_total\{.*reason="explained"\} 0$/m);
  assert.match(text, /^masakari_monitor_agent_ping_duration_seconds_bucket\{.*le="0.05"\} 1$/m);
  assert.match(text, /^masakari_monitor_config_unknown_options\{.*\} 2$/m);
  assert.doesNotMatch(text, /gate_holds|fencing_proof|process_restarts/);
  const restarts = [{ counter: "process_restarts", labels: { process: "web", result: "failed" }, value: 1 }];
  assert.match(exposition([metricSource({ loop: { counts: restarts } })]), /process="web",result="failed"\} 1$/m);
  const host = exposition([metricSource({}, { type: "COMPUTE_HOST" })]);
  assert.match(host, /^masakari_monitor_gate_holds_total\{.*gate="quorum"\} 0$/m);
  assert.match(host, /^masakari_monitor_fencing_proof_total\{.*method="history",result="off"\} 0$/m);
});

test("hosts of a host monitor that are in no segment, or in a disabled one, are as visible as this host itself", () => {
  const kind = {
    severity: "degraded",
    effect: undefined,
    consequence: "refused",
    since: { wall: 0, mono: 0 },
  } as const;
  const valuesWith = (problem: string | undefined) => {
    const names = ["segments", "disabled segments", "hosts on maintenance"];
    const conditions = new Map(names.map((name) => [name, { ...kind, name, problem }]));
    const text = exposition([metricSource({}, { facts: { ...factsWith({}), conditions } as never })]);
    return ["masakari_host_in_segment", "masakari_segment_enabled", "masakari_host_on_maintenance"].map((name) =>
      linesOf(text, name).map((line) => line.split(" ").at(-1)),
    );
  };
  assert.deepEqual(valuesWith("node2: …"), [["0"], ["0"], ["1"]]);
  assert.deepEqual(valuesWith(undefined), [["1"], ["1"], ["0"]]);
});
