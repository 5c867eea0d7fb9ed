import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCrmMon } from "../../../../src/host/pacemaker/crm-mon.ts";
import { NotUnderstoodError } from "../../../../src/host/pacemaker/xml.ts";
import { captured } from "./captures.ts";

const fencing = (path: string) => parseCrmMon(captured(`${path}/node1.crm_mon-X.xml`)).fencing;
const healthy = captured("pacemaker-2.1.5/01-healthy/node1.crm_mon-X.xml");

test("an empty document, as crm_mon prints it without the right or without a cluster, is no observation", () => {
  const empty = captured("pacemaker-2.1.5/07a-pacemaker-stopped-corosync-up-node3/node3.crm_mon-X.xml");
  assert.match(empty, /^<crm_mon version="2.1.5"\/>/);
  assert.throws(() => parseCrmMon(empty), NotUnderstoodError);
});

const broken: Readonly<Record<string, string>> = {
  "no XML": "Connection to cluster failed",
  "cut off": healthy.slice(0, healthy.length / 2),
  "another document": '<cib have-quorum="1"/>',
  "no list of nodes": healthy.replace(/<nodes>[\s\S]*<\/nodes>/, ""),
  "an empty list of nodes": healthy.replace(/<nodes>[\s\S]*<\/nodes>/, "<nodes/>"),
  "a node without its state": healthy.replace('name="node3" id="3" online="true"', 'name="node3" id="3"'),
  "a state that is no boolean": healthy.replace(
    'name="node3" id="3" online="true"',
    'name="node3" id="3" online="maybe"',
  ),
};

for (const [what, text] of Object.entries(broken)) {
  test(`${what}: not understood, so nothing is concluded`, () => {
    assert.throws(() => parseCrmMon(text), NotUnderstoodError);
  });
}

test("quorum that is not stated is not known", () => {
  assert.equal(parseCrmMon(healthy).hasQuorum, true);
  assert.equal(parseCrmMon(healthy.replace(' with_quorum="true"', "")).hasQuorum, undefined);
});

test("the state of this host's pacemakerd is found in each version", () => {
  for (const version of ["pacemaker-2.1.5", "pacemaker-3.0.0", "pacemaker-3.0.3"]) {
    assert.equal(parseCrmMon(captured(`${version}/01-healthy/node1.crm_mon-X.xml`)).daemon, "running");
  }
});

test("no fencing yet is an empty history; a history that could not be read is none", () => {
  assert.deepEqual(parseCrmMon(healthy).fencing, []);
  assert.equal(fencing("pacemaker-2.1.5/11a-starting-first-second"), undefined);
});

test("a confirmation by hand is marked, and the success before it and the failures are kept", () => {
  const events = fencing("pacemaker-2.1.5/14d-confirmed-by-a-human") ?? [];
  const byHand = events.find((event) => event.byHand);
  assert.deepEqual([byHand?.status, byHand?.action, byHand?.requestedBy], ["success", "off", "person"]);
  assert.equal(events[0]?.status, "pending");
  assert.equal(events.filter(({ status }) => status === "success").length, 3);
  assert.ok(events.some(({ status }) => status === "failed"));
});

test("unfencing is not taken for fencing, a person's fencing not for the cluster's", () => {
  const events = fencing("pacemaker-2.1.5/14f-confirmed-though-alive") ?? [];
  assert.deepEqual(
    events.slice(0, 3).map(({ action, requestedBy }) => [action, requestedBy]),
    [
      ["off", "person"],
      ["on", "person"],
      ["off", "person"],
    ],
  );
});

test("times with and without fractions of a second", () => {
  const [at2] = fencing("pacemaker-2.1.5/09c-node3-fenced") ?? [];
  assert.equal(at2?.completedAt, Date.parse("2026-11-22T12:54:35Z"));
  const [at3] = fencing("pacemaker-3.0.3/09c-node3-fenced") ?? [];
  assert.equal(at3?.completedAt, Date.parse("2026-11-28T03:28:49.791Z"));
});

test("where the host's time zone is not UTC, the time of a fencing has an offset", () => {
  const text = captured("pacemaker-2.1.5/09c-node3-fenced/node1.crm_mon-X.xml");
  for (const local of ["2026-11-22 13:54:35 +01:00", "2026-11-22 18:24:35 +05:30", "2026-11-22 05:54:35 -07:00"]) {
    const [event] = parseCrmMon(text.replaceAll("2026-11-22 12:54:35Z", local)).fencing ?? [];
    assert.equal(event?.completedAt, Date.parse("2026-11-22T12:54:35Z"), local);
  }
});

test("before 2.0.3 an event has a state in place of a status, and its time as ctime writes it, in the time zone of the host", (context) => {
  const { TZ } = process.env;
  context.after(() => {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });
  const captured2 = captured("pacemaker-2.1.5/09c-node3-fenced/node1.crm_mon-X.xml");
  for (const [zone, local] of [
    ["UTC", "Sun Nov  1 12:54:35 2026"],
    ["Asia/Kolkata", "Sun Nov  1 18:24:35 2026"],
  ] as const) {
    process.env.TZ = zone;
    const text = captured2.replace('status="success"', 'state="success"').replaceAll("2026-11-22 12:54:35Z", local);
    const [event] = parseCrmMon(text).fencing ?? [];
    assert.equal(event?.status, "success");
    assert.equal(event?.completedAt, Date.parse("2026-11-01T12:54:35Z"), zone);
  }
});

test("an event has the same id at every look, and pending ones none of a completed one", () => {
  const once = fencing("pacemaker-2.1.5/14b-off-done") ?? [];
  const again = fencing("pacemaker-2.1.5/14d-confirmed-by-a-human") ?? [];
  for (const { id } of once) assert.ok(again.some((event) => event.id === id));
  assert.equal(new Set(again.map(({ id }) => id)).size, again.length);
});

test("a success is kept, however many failures follow it", () => {
  const failure = (second: number): string =>
    `<fence_event action="off" target="node3" client="pacemaker-controld.47" origin="node1" status="failed" completed="2026-11-22 13:00:${String(second).padStart(2, "0")}Z"/>`;
  const failures = Array.from({ length: 50 }, (_, index) => failure(59 - index)).join("");
  const text = captured("pacemaker-2.1.5/09c-node3-fenced/node1.crm_mon-X.xml");
  const events = parseCrmMon(text.replace("<fence_history>", `<fence_history>${failures}`)).fencing ?? [];
  assert.ok(events.length < 20);
  assert.ok(events.some(({ status }) => status === "success"));
});

/** As crm_mon of 2.1.5 shows a bundle of one container (its own test, cts/cli/regression.crm_mon.exp). */
const REPLICA =
  '<bundle id="httpd-bundle" type="docker" image="pcmk:http" unique="false" managed="true" failed="false"><replica id="0">' +
  '<resource id="httpd-bundle-docker-0" resource_agent="ocf:heartbeat:docker" role="Started" failed="false"/>' +
  '<resource id="httpd-bundle-0" resource_agent="ocf:pacemaker:remote" role="Started" failed="false"/></replica></bundle>';
const CONTAINER =
  '<node name="httpd-bundle-0" id="httpd-bundle-0" online="false" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="true" ' +
  'health="green" shutdown="false" expected_up="false" is_dc="false" resources_running="1" type="remote" id_as_resource="httpd-bundle-docker-0"/>';

test("the containers of a bundle are nodes of Pacemaker, but no hosts", () => {
  const withContainer = healthy.replace("</nodes>", `${CONTAINER}</nodes>`);
  const names = (text: string) => parseCrmMon(text).nodes.map(({ name }) => name);
  assert.ok(names(withContainer).includes("httpd-bundle-0"));
  assert.deepEqual(names(withContainer.replace("</resources>", `${REPLICA}</resources>`)), names(healthy));
});

test("nodes without a name are left out, and keep none of the others from being watched", () => {
  const unnamed = ["7", "8"].map((id) =>
    healthy
      .match(/<node name="node3"[^>]*>/)?.[0]
      .replace('"node3"', '""')
      .replace('id="3"', `id="${id}"`),
  );
  const { nodes } = parseCrmMon(
    healthy.replace(
      "</nodes>",
      `${unnamed.map((node) => (node?.endsWith("/>") ? node : `${node}</node>`)).join("")}</nodes>`,
    ),
  );
  assert.deepEqual(nodes, parseCrmMon(healthy).nodes);
});
