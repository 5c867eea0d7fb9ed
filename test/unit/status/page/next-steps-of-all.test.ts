import assert from "node:assert/strict";
import { test } from "node:test";
import { safeParse } from "valibot";
import { rowOf } from "../../../../src/status/page/host-row.ts";
import { type HostOverview, hostSchema, MONITORS, type PeerOverview } from "../../../../src/status/page/overview.ts";
import { renderPage } from "../../../../src/status/page/render.ts";
import { mostUrgentFirst } from "../../../../src/status/page/render-verdict.ts";
import { hostOverview, PAGE_NOW, peerOverview } from "../../../support/page-overview.ts";

const problem = (about: string, severity = "degraded") => ({
  severity,
  about,
  reason: "x",
  since: "2026-11-28T02:00:00Z",
});
const commandsOf = (peers: readonly PeerOverview[]) => mostUrgentFirst(peers.map(rowOf)).map(({ command }) => command);
const silentPeer = (peer: string): PeerOverview => ({
  kind: "silent",
  peer,
  problem: "connection refused",
  since: undefined,
  last: undefined,
});

test("the step that lets the whole cluster act again comes first, wherever its host is in the list", () => {
  const peers = [
    ...["libvirt", "clock", "process list", "configuration", "host segment"].map((about, index) =>
      peerOverview(`compute-${index}`, { state: "blind", problems: [problem(about, "failing")] }),
    ),
    peerOverview("compute-9", { monitor: "hostmonitor", state: "disarmed", problems: [problem("disarmed")] }),
  ];
  assert.equal(commandsOf(peers)[0], "masakari-monitors arm");
  assert.equal(commandsOf(peers).length, 6);
  const shown = String(renderPage(peers, PAGE_NOW));
  const [open = "", more = ""] = shown.split('<details id="more-steps">');
  assert.match(open, /<code>masakari-monitors arm<\/code>/);
  assert.match(more, /^<summary>2 more steps<\/summary>/);
});

test("a step that several hosts need comes before one that a single host needs, and names five of them", () => {
  const hosts = Array.from({ length: 7 }, (_, index) =>
    peerOverview(`compute-${index}`, { state: "held", problems: [problem("configuration")] }),
  );
  const blind = peerOverview("compute-8", { state: "blind", problems: [problem("libvirt", "failing")] });
  assert.deepEqual(commandsOf([blind, ...hosts]).slice(0, 1), ["masakari-monitors check-config"]);
  assert.match(
    String(renderPage(hosts, PAGE_NOW)),
    /on compute-0, compute-1, compute-2, compute-3, compute-4 and 2 more</,
  );
});

test("of steps that reach as far, that of the worse state comes first", () => {
  const held = peerOverview("compute-1", { state: "held", problems: [problem("configuration")] });
  const blind = peerOverview("compute-2", { state: "blind", problems: [problem("libvirt", "failing")] });
  assert.match(commandsOf([held, blind])[0] ?? "", /libvirtd/);
});

test("hosts without contact are one step, by what watches the hosts there, and by ping where nothing does", () => {
  const silent = [silentPeer("compute-8"), silentPeer("compute-9")];
  const watched = (driver: string | null): PeerOverview => ({
    kind: "host",
    host: { ...hostOverview("compute-1"), driver },
  });
  for (const [driver, command] of [
    ["default", "crm_mon -1"],
    ["simple", "crm_mon -1"],
    ["consul", "consul members"],
    ["kubernetes", "kubectl get nodes"],
    ["/opt/driver.ts", "ping -c 3 compute-8"],
    [null, "ping -c 3 compute-8"],
  ] as const) {
    assert.deepEqual(commandsOf([watched(driver), ...silent]), [command], String(driver));
  }
  for (const [name, address] of [
    ["192.0.2.8:11500", "192.0.2.8"],
    ["[2001:db8::8]:11500", "2001:db8::8"],
    ["compute-8.example.org:11500", "compute-8.example.org"],
  ] as const) {
    assert.deepEqual(commandsOf([watched(null), silentPeer(name)]), [`ping -c 3 ${address}`]);
  }
  assert.deepEqual(commandsOf([watched(null), ...silent, silentPeer("members of Consul")]), [
    "ping -c 3 compute-8",
    "consul members",
  ]);
});

test("a peer that sends more monitors, problems or members than this release shows is cut, not refused", () => {
  const [monitor] = hostOverview("compute-2").monitors;
  assert.ok(monitor?.kind === "overview");
  const crowded = {
    ...monitor,
    overview: { ...monitor.overview, problems: Array.from({ length: 100 }, () => problem("clock")) },
  };
  const sent = {
    ...hostOverview("compute-2"),
    news: "of a later release",
    monitors: Array.from({ length: 25 }, () => crowded),
  };
  const read = safeParse(hostSchema, sent);
  assert.ok(read.success);
  assert.equal(read.output.monitors.length, MONITORS);
  const { driver: _, ...older } = hostOverview("compute-2") as HostOverview & { driver: unknown };
  assert.deepEqual(safeParse(hostSchema, older).output, { ...older, driver: null });
});
