import assert from "node:assert/strict";
import { test } from "node:test";
import type { Check } from "../../../../src/cli/doctor/check.ts";
import { agentChannels } from "../../../../src/cli/doctor/checks/agent-channels.ts";
import { clusterStack } from "../../../../src/cli/doctor/checks/cluster-stack.ts";
import { fencing } from "../../../../src/cli/doctor/checks/fencing.ts";
import { libvirt } from "../../../../src/cli/doctor/checks/libvirt.ts";
import { login } from "../../../../src/cli/doctor/checks/login.ts";
import { registration } from "../../../../src/cli/doctor/checks/registration.ts";
import { endToEnd } from "../../../../src/cli/doctor/end-to-end.ts";
import { briefly, findingsOf } from "../../../support/doctor.ts";
import { eventually } from "../../../support/eventually.ts";
import { FakeCloud } from "../../../support/fake-cloud.ts";
import { json } from "../../../support/http-server.ts";
import { LibvirtServer, procedures } from "../../../support/libvirt-server.ts";
import { RedfishService } from "../../../support/redfish-service.ts";

const guests = ["introspectiveinstancemonitor"];
const hosts = ["hostmonitor"];

test("libvirt that does not run, and a URI that is none", async () => {
  for (const uri of ["qemu+unix:///system?socket=/nonexistent/sock", "http://x"]) {
    const found = await findingsOf([libvirt, agentChannels], guests, () => ({
      "x.conf": `[libvirt]\nconnection_uri = ${uri}\n`,
    }));
    assert.deepEqual(
      found.map(({ check, level }) => [check, level]),
      [["libvirt", "problem"]],
    );
  }
});

test("libvirt is asked with the rights that the monitors need, and no more", async () => {
  await using server = await LibvirtServer.start();
  const flags: number[] = [];
  server.on(procedures.connectOpen, (call) => {
    flags.push(call.args.flags);
    call.reply(undefined);
  });
  server.on(procedures.connectListAllDomains, (call) => call.reply({ domains: [], count: 0 }));
  for (const monitor of ["instancemonitor", "introspectiveinstancemonitor"]) {
    await findingsOf([libvirt], [monitor], () => ({ "x.conf": `[libvirt]\nconnection_uri = ${server.uri}\n` }));
  }
  assert.deepEqual(flags, [1, 0], "1 is VIR_CONNECT_RO");
});

test("a pattern that does not match the channels that the guests have, and a guest without an agent", async () => {
  await using server = await LibvirtServer.start();
  const domains = ["matched", "elsewhere", "silent"].map((name, index) => ({
    name,
    uuid: `00000000-0000-4000-8000-00000000000${index}`,
    id: index + 1,
  }));
  server.on(procedures.connectListAllDomains, (call) => call.reply({ domains, count: domains.length }));
  server.on(procedures.domainGetState, (call) => call.reply({ state: 1, reason: 1 }));
  server.on(procedures.domainGetXmlDesc, (call) => {
    const { name } = call.args.domain;
    const path =
      name === "elsewhere"
        ? "/run/other/agent.sock"
        : `/var/lib/libvirt/qemu/org.qemu.guest_agent.0.instance-${name}.sock`;
    const state = name === "silent" ? "disconnected" : "connected";
    const channel = `<channel type='unix'><source mode='bind' path='${path}'/><target name='org.qemu.guest_agent.0' state='${state}'/></channel>`;
    call.reply({ xml: `<domain><devices>${channel}</devices></domain>` });
  });
  const found = await findingsOf([libvirt, agentChannels], guests, () => ({
    "x.conf": `[libvirt]\nconnection_uri = ${server.uri}\n`,
  }));
  const text = briefly(found).join("\n");
  assert.match(text, /^ok: .* answers: 3 running guests$/m);
  assert.match(text, /^problem: the pattern .* of 1 guest: elsewhere has \/run\/other\/agent\.sock$/m);
  assert.match(text, /^warning: no agent is connected in 1 guest: silent$/m);
  assert.match(text, /^ok: 1 of 3 running guests can be pinged$/m);
});

test("a login that Keystone refuses; the password is in no finding", async () => {
  await using cloud = await FakeCloud.start();
  cloud.login = (_, response) =>
    json(response, 401, { error: { code: 401, title: "Unauthorized", message: "not with masakari-secret" } });
  const found = await findingsOf([login, registration], ["processmonitor"], () => ({ "x.conf": cloud.section() }));
  assert.deepEqual(
    found.map(({ check, level }) => [check, level]),
    [
      ["Masakari API", "problem"],
      ["registration", "problem"],
    ],
  );
  assert.doesNotMatch(JSON.stringify(found), /masakari-secret/);
});

test("an API whose clock differs, and a host that is in a segment by another name", async () => {
  await using cloud = await FakeCloud.start();
  cloud.segmentHosts = ["compute1.example.org"];
  const files = () => ({ "x.conf": `[DEFAULT]\nhostname = compute1\n${cloud.section()}` });
  const found = briefly(await findingsOf([login, registration], ["processmonitor"], files)).join("\n");
  assert.match(found, /^ok: logged in: /m);
  assert.match(found, /^ok: .*\/v1 answers, microversion 1\.2$/m);
  assert.match(found, /^problem: compute1 is in no segment, but compute1\.example\.org is$/m);
});

/** An operator's own driver with two hosts, of which one has a fencing device. */
const driver = (port: number, password: string, problems = "[]") => `
export const createDriver = ({ clock }) => ({
  name: "the test's cluster",
  async sense(observe, signal) {
    observe({
      kind: "cluster", at: clock.now(), self: { name: "a", stable: "yes" }, quorum: "no", heartbeat: "unknown", interrupted: true,
      complete: true, maintenance: { cluster: "no" }, fencing: undefined, problems: ${problems},
      hosts: [{ name: "a", kind: "node", state: "online" }, { name: "b", kind: "node", state: "online" }, { name: "gone", kind: "node", state: "absent" }],
    });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
  lookNow() {},
  findFencingDevices: async (host) => host === "b" ? { devices: [], problem: "no fencing device names b" } : { devices: [{
    id: "st-a", protocol: "redfish", address: "127.0.0.1", port: ${port}, user: "root", ssl: false, insecure: false, uri: "/redfish/v1",
    password: { from: "value", value: { reveal: () => "${password}" } },
  }] },
});`;

test("fencing: a BMC that answers its password, one that refuses it, one of another host, and a host that has none", async () => {
  await using bmc = new RedfishService({ user: "root", password: "r1ght" });
  const port = await bmc.start();
  const examine = async (password: string) =>
    briefly(
      await findingsOf([fencing], hosts, (directory) => ({
        "x.conf": `[host]\nmonitoring_driver = ${directory}/driver.mjs\n`,
        "driver.mjs": driver(port, password),
      })),
    ).join("\n");
  const right = await examine("r1ght");
  assert.match(right, /^ok: a: .*power On/m);
  assert.match(right, /^problem: b: no fencing device names b$/m);
  const wrong = await examine("wr0ng");
  assert.match(wrong, /^problem: a: .*refuses the user or the password/m);
  assert.doesNotMatch(wrong, /wr0ng/);
  bmc.power.set("1", "Off");
  assert.match(await examine("r1ght"), /^problem: a is online, and .*power is off$/m);
});

test("fencing: a host whose BMC was not checked in time is named, and hides no other", async () => {
  await using bmc = new RedfishService({ user: "root", password: "r1ght" });
  await using deaf = new RedfishService({ user: "root", password: "r1ght" });
  deaf.hangs = true;
  const device = (
    id: string,
    port: number,
  ) => `{ id: "st-${id}", protocol: "redfish", address: "127.0.0.1", port: ${port}, user: "root",
    ssl: false, insecure: false, uri: "/redfish/v1", password: { from: "value", value: { reveal: () => "r1ght" } } }`;
  const working = driver(await bmc.start(), "r1ght").replace(
    /host === "b" \? .*? : /,
    `host === "b" ? { devices: [${device("b", await deaf.start())}] } : `,
  );
  const over = new AbortController();
  const ending: Check = {
    ...fencing,
    run: (subject, signal) => fencing.run(subject, AbortSignal.any([signal, over.signal])),
  };
  const findings = findingsOf([ending], hosts, (directory) => ({
    "x.conf": `[host]\nmonitoring_driver = ${directory}/driver.mjs\nipmi_timeout = 60\n`,
    "driver.mjs": working,
  }));
  await eventually("the check of a to end, and that of b to begin", 60_000, async () => {
    const isChecked = bmc.requests.length === 2 && (await bmc.connections()) === 0;
    return (isChecked && deaf.requests.length === 1) || undefined;
  });
  over.abort();
  const found = briefly(await findings);
  assert.match(found[0] ?? "", /^ok: a: .*power On/);
  assert.deepEqual(found.slice(1), ["warning: not checked in time: 1 of 2 hosts: b"]);
});

test("the cluster: its quorum, its problems, its hosts by the names that Masakari gets", async () => {
  await using cloud = await FakeCloud.start();
  cloud.segmentHosts = ["A.example.org"];
  const problem = '[{ name: "x", consequence: "nothing is known", problem: "it is broken", effect: "blind" }]';
  const found = await findingsOf([clusterStack, registration], hosts, (directory) => ({
    "x.conf": `${cloud.section()}\n[host]\nmonitoring_driver = ${directory}/driver.mjs\nhost_names = a=A.example.org\n`,
    "driver.mjs": driver(1, "", problem),
  }));
  const text = briefly(found).join("\n");
  assert.match(text, /^problem: it is broken$/m);
  assert.match(text, /^problem: the test's cluster: no quorum$/m);
  assert.match(text, /^ok: .*2 watched hosts, 2 online$/m);
  assert.match(text, /^ok: A\.example\.org is in segment rack/m);
  assert.match(text, /^problem: b is in no segment$/m);
  assert.doesNotMatch(text, /gone/);
});

test("a driver that cannot be loaded hides nothing else", async () => {
  const found = await findingsOf([clusterStack, fencing], hosts, () => ({
    "x.conf": "[host]\nmonitoring_driver = /nonexistent/driver.mjs\n",
  }));
  assert.deepEqual(briefly(found), ["problem: [host] monitoring_driver: there is no file /nonexistent/driver.mjs"]);
});

test("end to end: the time of each step; an engine that does nothing is a problem once the limit is over", async () => {
  await using cloud = await FakeCloud.start();
  let status = "ignored";
  cloud.api = (request, response) => {
    response.setHeader("openstack-api-version", "instance-ha 1.0");
    const { notification } = JSON.parse(cloud.calls.find(({ method }) => method === "POST")?.body.toString() ?? "{}");
    const stored = { ...notification, id: 1, notification_uuid: "n-1", source_host_uuid: "h-1", status };
    json(response, request.method === "POST" ? 202 : 200, { notification: stored });
  };
  const files = () => ({ "x.conf": `[DEFAULT]\nhostname = compute1\n${cloud.section()}` });
  const good = briefly(await findingsOf([endToEnd(60_000)], ["instancemonitor"], files));
  for (const [index, step] of ["login", "endpoint", "POST", "masakari-engine"].entries()) {
    assert.match(good[index] ?? "", new RegExp(`^ok: ${step}: \\d+\\.\\d+ s`));
  }
  const posted = JSON.parse(cloud.calls.find(({ method }) => method === "POST")?.body.toString() ?? "{}");
  assert.equal(posted.notification.hostname, "compute1");
  assert.deepEqual([posted.notification.type, posted.notification.payload.event], ["VM", "REBOOT"]);
  status = "new";
  const idle = briefly(await findingsOf([endToEnd(600)], ["instancemonitor"], files)).at(-1);
  assert.match(idle ?? "", /^problem: masakari-engine has not finished n-1 within 0\.6 s; it is still new$/);
  status = "error";
  const failed = briefly(await findingsOf([endToEnd(60_000)], ["instancemonitor"], files)).at(-1);
  assert.equal(failed, "problem: masakari-engine has marked n-1 as error");
});
