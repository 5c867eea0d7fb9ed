import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member } from "../../../../src/host/pacemaker/corosync.ts";
import { parseCrmMon } from "../../../../src/host/pacemaker/crm-mon.ts";
import { hostsOf, quorumOf, RESPAWN_MS } from "../../../../src/host/pacemaker/hosts.ts";
import { allCrmMon, captured } from "./captures.ts";

interface Seen {
  readonly members?: ReadonlyMap<string, Member>;
  readonly lostForMs?: number;
}

/** node3 or remote1 by default, as one word: state, and how it left. */
function seen(path: string, name: string, { members, lostForMs = RESPAWN_MS }: Seen = {}): string {
  const crm = parseCrmMon(captured(`${path}.crm_mon-X.xml`));
  const host = hostsOf(crm, { members, lostForMs: () => lostForMs }).find((one) => one.name === name);
  return [host?.state, host?.departure, host?.stopping && "stopping"].filter(Boolean).join(" ");
}

const members = (joined: boolean): ReadonlyMap<string, Member> => new Map([["3", { joined, joinCount: 1 }]]);

/** Each captured situation: what node1 (or the node named) sees of the host. */
const situations: readonly (readonly [path: string, host: string, expected: string])[] = [
  ["pacemaker-2.1.5/01-healthy/node1", "node3", "online"],
  ["pacemaker-2.1.5/01-healthy/node1", "remote1", "online"],
  ["pacemaker-2.1.5/01-healthy/remote1", "node3", "online"],
  ["pacemaker-2.1.5/02a-sigkill-node3-first-second/node1", "node3", "online"],
  ["pacemaker-2.1.5/02b-sigkill-node3/node1", "node3", "offline crash"],
  ["pacemaker-2.1.5/02c-node3-back/node1", "node3", "online"],
  ["pacemaker-2.1.5/03a-link-cut-node3/node1", "node3", "offline crash"],
  ["pacemaker-2.1.5/04-standby-node3/node1", "node3", "online"],
  ["pacemaker-2.1.5/04b-standby-node3-then-killed/node1", "node3", "offline crash"],
  ["pacemaker-2.1.5/05a-node-maintenance-node3/node1", "node3", "online"],
  ["pacemaker-2.1.5/07a-pacemaker-stopped-corosync-up-node3/node1", "node3", "offline expected"],
  ["pacemaker-2.1.5/07b-clean-shutdown-node3/node1", "node3", "offline expected"],
  ["pacemaker-2.1.5/08-remote1-crashed/node1", "remote1", "offline unknown"],
  ["pacemaker-2.1.5/08b-remote1-back/node1", "remote1", "online"],
  ["pacemaker-2.1.5/08c-remote1-off-being-connected/node1", "remote1", "unstable"],
  ["pacemaker-2.1.5/09b-node3-unclean-fencing-pending/node1", "node3", "offline crash"],
  ["pacemaker-2.1.5/09c-node3-fenced/node1", "node3", "offline expected"],
  ["pacemaker-2.1.5/10a-controld-frozen-node3/node1", "node3", "online"],
  ["pacemaker-2.1.5/10d-node3-all-processes-frozen/node1", "node3", "offline crash"],
  ["pacemaker-2.1.5/10e-node3-thawed/node1", "node3", "online"],
  ["pacemaker-2.1.5/11c-node3-never-seen-since-cib-was-new/node1", "node3", "offline unknown"],
  ["pacemaker-2.1.5/14a-reboot-pending/node1", "node3", "offline crash"],
  ["pacemaker-2.1.5/14a2-reboot-done-node3-back/node1", "node3", "online"],
  ["pacemaker-2.1.5/14b-off-done/node1", "node3", "offline expected"],
  ["pacemaker-2.1.5/14c2-off-failed-twice/node1", "node3", "offline crash"],
  ["pacemaker-2.1.5/14d-confirmed-by-a-human/node1", "node3", "offline expected"],
  ["pacemaker-3.0.0/01-healthy/node1", "remote1", "online"],
  ["pacemaker-3.0.0/02b-sigkill-node3/node1", "node3", "offline crash"],
  ["pacemaker-3.0.0/08-remote1-crashed/node1", "remote1", "offline unknown"],
  ["pacemaker-3.0.3/02b-sigkill-node3/node1", "node3", "offline crash"],
  ["pacemaker-3.0.3/09b-node3-unclean-fencing-pending/node1", "node3", "offline crash"],
  ["pacemaker-3.0.3/09c-node3-fenced/node1", "node3", "online"],
  ["pacemaker-3.0.3/14d-confirmed-by-a-human/node1", "node3", "offline expected"],
];

for (const [path, host, expected] of situations) {
  test(`${path}: ${host} is ${expected}`, () => {
    assert.equal(seen(path, host), expected);
  });
}

for (const version of ["pacemaker-2.1.5", "pacemaker-3.0.0"]) {
  test(`${version}: a side without quorum knows nothing of any host`, () => {
    const crm = parseCrmMon(captured(`${version}/06-quorum-lost-2-of-3-killed/node1.crm_mon-X.xml`));
    assert.equal(quorumOf(crm, {}), "no");
    const hosts = hostsOf(crm, { members: undefined, lostForMs: () => 60_000 });
    assert.deepEqual(new Set(hosts.map(({ state }) => state)), new Set(["unknown"]));
  });
}

test("Corosync has lost quorum and Pacemaker does not show it yet: nothing is known of any host", () => {
  const crm = parseCrmMon(captured("pacemaker-2.1.5/01-healthy/node1.crm_mon-X.xml"));
  const beside = { quorate: false, members: undefined, lostForMs: () => 0 };
  assert.equal(quorumOf(crm, beside), "no");
  assert.ok(hostsOf(crm, beside).every(({ state }) => state === "unknown"));
});

test("before there is a designated controller nothing is known, though crm_mon calls all nodes offline and unclean", () => {
  for (const situation of ["11a-starting-first-second", "11b-starting-third-second"]) {
    const crm = parseCrmMon(captured(`pacemaker-2.1.5/${situation}/node1.crm_mon-X.xml`));
    assert.equal(quorumOf(crm, {}), "unknown");
    const hosts = hostsOf(crm, { members: undefined, lostForMs: () => 60_000 });
    assert.ok(hosts.every(({ state }) => state === "unknown"));
  }
});

test("the controller of a healthy host dies and respawns: Corosync still has the host, so it is not offline", () => {
  const lost = "pacemaker-2.1.5/02b-sigkill-node3/node1";
  assert.equal(seen(lost, "node3", { members: members(true) }), "unstable");
  assert.equal(seen(lost, "node3", { members: members(false) }), "offline crash");
});

test("where Corosync cannot be asked, a host must be lost for longer than a respawn takes", () => {
  const lost = "pacemaker-2.1.5/02b-sigkill-node3/node1";
  assert.equal(seen(lost, "node3", { lostForMs: 0 }), "unstable");
  assert.equal(seen(lost, "node3", { lostForMs: RESPAWN_MS }), "offline crash");
});

test("a remote whose connection moves to another member is not offline", () => {
  const text = captured("pacemaker-2.1.5/08-remote1-crashed/node1.crm_mon-X.xml").replace(
    'failed="true"',
    'failed="false"',
  );
  const [remote] = hostsOf(parseCrmMon(text), { members: undefined, lostForMs: () => 60_000 }).filter(
    ({ name }) => name === "remote1",
  );
  assert.equal(remote?.state, "unstable");
});

/** As crm_mon of 2.1.5 showed it after a node of an existing name and another id was added to the CIB. */
const LEFT_BEHIND =
  '<node name="NAME" id="77" online="false" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" ' +
  'shutdown="false" expected_up="false" is_dc="false" resources_running="0" type="member"/>';

/** The states of the hosts, with a second node of that name after or before the others. */
function withNode(path: string, node: string, isFirst = false): Readonly<Record<string, string>> {
  const text = captured(`pacemaker-2.1.5/${path}/node1.crm_mon-X.xml`);
  const [tag, both] = isFirst ? ["<nodes>", `<nodes>${node}`] : ["</nodes>", `${node}</nodes>`];
  const hosts = hostsOf(parseCrmMon(text.replace(tag, both)), { members: undefined, lostForMs: () => 60_000 });
  assert.equal(new Set(hosts.map(({ name }) => name)).size, hosts.length);
  return Object.fromEntries(hosts.map(({ name, state, departure = "" }) => [name, `${state} ${departure}`.trim()]));
}

test("the node that a host left behind when it was installed anew changes nothing", () => {
  for (const isFirst of [true, false]) {
    const of = (name: string, path: string) => withNode(path, LEFT_BEHIND.replace("NAME", name), isFirst)[name];
    assert.equal(of("node2", "02b-sigkill-node3"), "online");
    assert.equal(of("node3", "02b-sigkill-node3"), "offline crash");
    assert.equal(of("node3", "09c-node3-fenced"), "offline expected");
  }
});

test("a name that two running nodes have says nothing of a host, and keeps none of the others from being watched", () => {
  const running = LEFT_BEHIND.replace("NAME", "node2").replace('online="false"', 'online="true"');
  const states = withNode("02b-sigkill-node3", running);
  assert.deepEqual([states.node1, states.node2, states.node3], ["online", "unknown", "offline crash"]);
  assert.equal(
    withNode("02b-sigkill-node3", LEFT_BEHIND.replace("NAME", "node3").replace('unclean="false"', 'unclean="true"'))
      .node3,
    "unknown",
  );
});

test("a rejoined host has another incarnation", () => {
  const crm = parseCrmMon(captured("pacemaker-2.1.5/01-healthy/node1.crm_mon-X.xml"));
  const incarnation = (joinCount: number) =>
    hostsOf(crm, { members: new Map([["3", { joined: true, joinCount }]]), lostForMs: () => 0 }).find(
      ({ name }) => name === "node3",
    )?.incarnation;
  assert.notEqual(incarnation(1), incarnation(2));
});

test("cluster and node maintenance, and standby, are reported", () => {
  const hosts = (path: string) => {
    const crm = parseCrmMon(captured(`pacemaker-2.1.5/${path}/node1.crm_mon-X.xml`));
    return {
      crm,
      node3: hostsOf(crm, { members: undefined, lostForMs: () => 0 }).find(({ name }) => name === "node3"),
    };
  };
  assert.equal(hosts("05c-cluster-maintenance-mode").crm.maintenanceMode, true);
  assert.equal(hosts("05a-node-maintenance-node3").node3?.maintenance, "yes");
  assert.equal(hosts("04-standby-node3").node3?.standby, "yes");
  assert.equal(hosts("04b-standby-node3-then-killed").node3?.standby, "yes");
});

test("every captured document of a running cluster is understood", () => {
  const paths = allCrmMon().filter((path) => !path.includes("07a") || path.includes("node1"));
  assert.ok(paths.length > 50);
  for (const path of paths) if (!path.endsWith("node3.crm_mon-X.xml")) parseCrmMon(captured(path));
});
