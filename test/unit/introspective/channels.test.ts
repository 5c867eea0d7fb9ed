import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pythonPattern } from "../../../src/config/python-pattern.ts";
import { agentChannel } from "../../../src/introspective/channels.ts";

const pattern = pythonPattern(String.raw`/var/lib/libvirt/qemu/org\.qemu\.guest_agent\..*\.instance-.*\.sock`);
const PATH = "/var/lib/libvirt/qemu/org.qemu.guest_agent.0.instance-00000004.sock";

function channel(path: string, { mode = "bind", name = "org.qemu.guest_agent.0", state = "connected" } = {}): string {
  return `<channel type='unix'>
      <source mode='${mode}' path='${path}'/>
      <target type='virtio' name='${name}' state='${state}'/>
      <alias name='channel0'/>
    </channel>`;
}

function domain(...devices: readonly string[]): string {
  return `<domain type='kvm' id='3'>
  <name>instance-00000004</name>
  <metadata><nova:name xmlns:nova="x">a &lt;channel&gt; ${"<!-- <channel> -->"}<![CDATA[<channel>]]></nova:name></metadata>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    ${devices.join("\n    ")}
  </devices>
</domain>`;
}

const cases: readonly (readonly [what: string, xml: string, agent: string])[] = [
  ["its agent's channel, open", domain(channel(PATH)), "connected"],
  ["its agent's channel, closed", domain(channel(PATH, { state: "disconnected" })), "disconnected"],
  [
    "the agent's channel behind another one",
    domain(channel("/run/spice.sock", { name: "spice" }), channel(PATH)),
    "connected",
  ],
  [
    "two matching channels: the state is the agent's own",
    domain(channel(PATH.replace(".0.", ".1."), { name: "other", state: "disconnected" }), channel(PATH)),
    "connected",
  ],
  ["a libvirt that does not tell the state", domain(channel(PATH).replace(" state='connected'", "")), "connected"],
  ["a channel that QEMU connects out", domain(channel(PATH, { mode: "connect" })), "none"],
  ["a channel elsewhere", domain(channel("/run/libvirt/x.sock")), "none"],
  ["no channel", domain(), "none"],
  ["a channel that is no device", domain().replace("</metadata>", `${channel(PATH)}</metadata>`), "none"],
  ["double quotes and entities", domain(channel(PATH.replace("/var", "&#x2f;var")).replaceAll("'", '"')), "connected"],
  ["no XML", "not XML at all <", "none"],
];

for (const [what, xml, agent] of cases) {
  test(`${what}: ${agent}`, () => {
    assert.equal(agentChannel(xml, pattern), agent);
  });
}

for (const [name, agent] of [
  ["tiny", "connected"],
  ["second", "connected"],
  ["tinysecond", "connected"],
  ["bare", "disconnected"],
] as const) {
  test(`the live XML that libvirt 9.0 gives of a ${name} guest: ${agent}`, () => {
    const xml = readFileSync(new URL(`../../fixtures/libvirt/xml/libvirt-9.0-${name}.xml`, import.meta.url), "utf8");
    assert.equal(agentChannel(xml, pattern), agent);
  });
}
