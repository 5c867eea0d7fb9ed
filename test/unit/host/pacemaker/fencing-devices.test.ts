import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { FencingDevice } from "../../../../src/host/fencing-device.ts";
import { devicesIn, whyOneByOne } from "../../../../src/host/pacemaker/fencing-devices.ts";
import { NotUnderstoodError } from "../../../../src/host/pacemaker/xml.ts";
import { captured } from "./captures.ts";

const real = captured("pacemaker-2.1.5/09a-stonith-ipmi-configured/node1.cibadmin-query.xml");

const pairs = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `<nvpair id="${name}-${value.length}" name="${name}" value="${value}"/>`)
    .join("");

const primitive = (id: string, agent: string, values: Readonly<Record<string, string>>): string =>
  `<primitive id="${id}" class="stonith" type="${agent}"><instance_attributes id="${id}-ia">${pairs(values)}</instance_attributes></primitive>`;

const cib = (resources: string, more = ""): string =>
  `<cib><configuration><resources>${resources}</resources>${more}</configuration></cib>`;

const device = (agent: string, values: Readonly<Record<string, string>>): FencingDevice | undefined =>
  devicesIn(cib(primitive("st", agent, { pcmk_host_list: "node3", ...values })), "node3").devices[0];

test("a real CIB: external/ipmi in a group and by itself, fence_ipmilan", () => {
  for (const host of ["node1", "node2", "node3"]) {
    const { devices, problem } = devicesIn(real, host);
    assert.equal(problem, undefined);
    assert.equal(devices.length, 1);
    const [found] = devices;
    assert.equal(found?.id, `st-${host}`);
    assert.equal(found?.address, `198.18.77.11${host.at(-1)}`);
    assert.equal(found?.protocol === "ipmi" && found.interface, "lanplus");
    assert.equal(found?.user, "admin");
    assert.equal(found?.password.from === "value" && found.password.value.reveal(), "s3cret");
  }
});

test("nothing that was read from the CIB shows a password", () => {
  const { devices } = devicesIn(real, "node1");
  assert.doesNotMatch(`${JSON.stringify(devices)}${inspect(devices, { depth: 9, showHidden: true })}`, /s3cret/);
});

test("a cluster that may fence one host after another is a problem, where it fences at all", () => {
  const set = (value: string): string =>
    real.replace(
      "</configuration>",
      `<crm_config><cluster_property_set id="o">${pairs({ "concurrent-fencing": value })}</cluster_property_set></crm_config></configuration>`,
    );
  assert.match(whyOneByOne(real) ?? "", /concurrent-fencing is not true/);
  assert.notEqual(whyOneByOne(set("false")), undefined);
  assert.equal(whyOneByOne(set("true")), undefined);
  assert.equal(whyOneByOne(cib("")), undefined);
});

test("groups, clones, templates and shared parameters", () => {
  const template = `<template id="ipmi" class="stonith" type="fence_ipmilan"><instance_attributes id="common">${pairs({ username: "admin", lanplus: "1" })}</instance_attributes></template>`;
  const own = (id: string, host: string): string =>
    `<primitive id="${id}" template="ipmi"><instance_attributes id="${id}-ia">${pairs({ pcmk_host_list: host, ip: `bmc-${host}` })}</instance_attributes></primitive>`;
  const shared = `<clone id="c"><primitive id="c1" class="stonith" type="fence_ipmilan"><instance_attributes id-ref="common"/><instance_attributes id="c1-ia">${pairs({ pcmk_host_list: "node2", ip: "bmc-node2" })}</instance_attributes></primitive></clone>`;
  const text = cib(`${template}<group id="g">${own("a", "node1")}</group>${shared}`);
  for (const host of ["node1", "node2"]) {
    const [found] = devicesIn(text, host).devices;
    assert.deepEqual([found?.address, found?.user], [`bmc-${host}`, "admin"]);
  }
});

const hosts: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["a list with commas and spaces", { pcmk_host_list: "node1, node3" }],
  ["a list with spaces", { pcmk_host_list: "node1 node3" }],
  ["a map", { pcmk_host_map: "node1:1;node3:2" }],
  ["a map with spaces and several ports", { pcmk_host_map: "node1:1 node3:2,3" }],
  ["in another case", { pcmk_host_list: "Node3" }],
  ["a map with a name in another case", { pcmk_host_map: "NODE3:1" }],
  ["a map and a list", { pcmk_host_list: "node1", pcmk_host_map: "node3:7" }],
];

for (const [what, values] of hosts) {
  test(`the hosts of a device: ${what}`, () => {
    const text = cib(primitive("st", "fence_ipmilan", { ip: "bmc", ...values }));
    assert.equal(devicesIn(text, "node3").devices.length, 1);
    assert.equal(devicesIn(text, "node").devices.length, 0);
    assert.match(devicesIn(text, "node4").problem ?? "", /no fencing device .* names node4/);
  });
}

test("the agents that are fence_ipmilan under another name, with their default of lanplus", () => {
  const link = (agent: string, values = {}) => {
    const found = device(agent, { ip: "bmc", ...values });
    return found?.protocol === "ipmi" ? found.interface : undefined;
  };
  assert.equal(link("fence_ipmilan"), "lan");
  assert.equal(link("fence_idrac"), "lan");
  assert.equal(link("fence_imm", { lanplus: "true" }), "lanplus");
  for (const agent of ["fence_ilo3", "fence_ilo4", "fence_ilo5", "fence_ipmilanplus"])
    assert.equal(link(agent), "lanplus");
  assert.equal(link("fence_ilo4", { lanplus: "0" }), "lan");
});

test("old and new names of parameters, port, cipher and privilege", () => {
  const old = device("fence_ipmilan", {
    ipaddr: "bmc",
    login: "u",
    passwd: "p",
    ipport: "6230",
    cipher: "3",
    privlvl: "operator",
  });
  assert.ok(old?.protocol === "ipmi");
  assert.deepEqual([old.address, old.user, old.port, old.cipher, old.privilege], ["bmc", "u", 6230, 3, "operator"]);
  const plain = device("fence_ipmilan", { ip: "bmc", username: "u" });
  assert.deepEqual(plain?.protocol === "ipmi" && [plain.port, plain.privilege], [undefined, "administrator"]);
});

test("an empty or unusable value counts as none", () => {
  const found = device("fence_ipmilan", { ip: "", ipaddr: "bmc", cipher: "", privlvl: "", lanplus: "" });
  assert.ok(found?.protocol === "ipmi");
  assert.deepEqual(
    [found.address, found.cipher, found.privilege, found.interface],
    ["bmc", undefined, "administrator", "lan"],
  );
  const ilo = device("fence_ilo4", { ip: "bmc", cipher: "best", lanplus: "" });
  assert.deepEqual(ilo?.protocol === "ipmi" && [ilo.cipher, ilo.interface], [undefined, "lanplus"]);
});

test("names of parameters with dashes, quoted values, the controller behind the BMC and how to log in", () => {
  const found = device("fence_ipmilan", {
    ip: "bmc",
    username: "&quot;u v&quot;",
    "password-script": "/x",
    target: "0x82",
    auth: "md5",
  });
  assert.ok(found?.protocol === "ipmi");
  assert.deepEqual([found.user, found.target, found.auth], ["u v", "0x82", "md5"]);
  assert.deepEqual(found.password, { from: "script", path: "/x" });
  const redfish = device("fence_redfish", { ip: "bmc:8443", "systems-uri": "/redfish/v1/Systems/2" });
  assert.ok(redfish?.protocol === "redfish");
  assert.deepEqual([redfish.address, redfish.port, redfish.systemsUri], ["bmc", 8443, "/redfish/v1/Systems/2"]);
  assert.equal(device("fence_redfish", { ip: "fd00::1" })?.address, "fd00::1");
});

test("one device of many BMCs: the address is what the device calls the host", () => {
  const address = (values: Readonly<Record<string, string>>) =>
    device("fence_ipmilan", { port_as_ip: "1", ip: "other", ...values })?.address;
  assert.equal(address({ pcmk_host_map: "node1:10.0.0.1;node3:10.0.0.3" }), "10.0.0.3");
  assert.equal(address({ pcmk_host_map: "node3:fd00\\:\\:3" }), "fd00::3");
  assert.equal(address({}), "node3");
  assert.equal(address({ plug: "10.0.0.9" }), "10.0.0.9");
  assert.equal(address({ pcmk_host_map: "node3:10.0.0.3", pcmk_host_argument: "none" }), "other");
});

test("a BMC that is configured for several hosts of the cluster proves nothing of one of them", () => {
  const text = (values: Readonly<Record<string, string>>) =>
    cib(
      primitive("st", "fence_ipmilan", { ip: "bmc", ...values }),
      '<nodes><node id="1" uname="node1"/><node id="3" uname="node3"/></nodes>',
    );
  const two = devicesIn(text({ pcmk_host_list: "node1 node3" }), "node3");
  assert.deepEqual(two.devices, []);
  assert.match(two.problem ?? "", /st: it fences node1 too/);
  assert.equal(devicesIn(text({ pcmk_host_list: "node3 node3.example.org" }), "node3").devices.length, 1);
  const each = { pcmk_host_map: "node1:10.0.0.1;node3:10.0.0.3", port_as_ip: "1" };
  assert.equal(devicesIn(text(each), "node3").devices[0]?.address, "10.0.0.3");
  assert.deepEqual(devicesIn(text({ ...each, plug: "10.0.0.9" }), "node3").devices, []);
});

test("what ipmitool could be asked only openly, or of another controller, is not asked", () => {
  const problem = (values: Readonly<Record<string, string>>) =>
    devicesIn(cib(primitive("st", "fence_ipmilan", { pcmk_host_list: "node3", ip: "bmc", ...values })), "node3")
      .problem;
  assert.match(problem({ hexadecimal_kg: "0102" }) ?? "", /st: it needs a key/);
  assert.match(problem({ target: "blade3" }) ?? "", /st: its target/);
});

test("fence_redfish", () => {
  const found = device("fence_redfish", {
    ip: "bmc",
    username: "u",
    password: "p",
    ssl_insecure: "1",
    systems_uri: "/redfish/v1/Systems/1",
  });
  assert.ok(found?.protocol === "redfish");
  assert.deepEqual(
    [found.ssl, found.insecure, found.uri, found.systemsUri],
    [true, true, "/redfish/v1", "/redfish/v1/Systems/1"],
  );
});

test("where a password is: file, script, cibsecret, hidden", () => {
  const from = (agent: string, values: Readonly<Record<string, string>>) =>
    device(agent, { ip: "b", ipaddr: "b", ...values })?.password;
  assert.deepEqual(from("external/ipmi", { passwd: "/etc/bmc", passwd_method: "file" }), {
    from: "file",
    path: "/etc/bmc",
  });
  assert.deepEqual(from("fence_ipmilan", { password_script: "/x" }), { from: "script", path: "/x" });
  assert.equal(from("fence_ipmilan", { password: "lrm://" })?.from, "unavailable");
  assert.equal(from("fence_ipmilan", { password: "********" })?.from, "unavailable");
  assert.equal(from("fence_ipmilan", {})?.from, "none");
});

test("the order of the host's fencing levels", () => {
  const both = ["first", "second"]
    .map((id) => primitive(id, "fence_ipmilan", { pcmk_host_list: "node3", ip: id }))
    .join("");
  const level = (index: number, id: string): string =>
    `<fencing-level id="l${index}" target="node3" index="${index}" devices="${id}"/>`;
  const text = cib(both, `<fencing-topology>${level(2, "first")}${level(1, "second")}</fencing-topology>`);
  assert.deepEqual(
    devicesIn(text, "node3").devices.map(({ id }) => id),
    ["second", "first"],
  );
});

test("agents whose power state cannot be asked for are named, and do not hide the others", () => {
  const text = cib(
    primitive("watchdog", "fence_sbd", { pcmk_host_list: "node3" }) +
      primitive("st", "fence_ipmilan", { pcmk_host_list: "node3", ip: "b" }),
  );
  const { devices, problem } = devicesIn(text, "node3");
  assert.deepEqual(
    devices.map(({ id }) => id),
    ["st"],
  );
  assert.match(problem ?? "", /watchdog: its agent fence_sbd/);
});

test("a cluster without devices, and output that is no CIB", () => {
  assert.match(devicesIn(cib(""), "node3").problem ?? "", /no fencing devices/);
  assert.throws(() => devicesIn("Permission denied", "node3"), NotUnderstoodError);
  assert.throws(() => devicesIn("<crm_mon/>", "node3"), NotUnderstoodError);
});
