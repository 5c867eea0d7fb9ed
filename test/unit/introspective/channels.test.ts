import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { pythonPattern } from "../../../src/config/python-pattern.ts";
import { agentChannel, DomainXmlError } from "../../../src/introspective/channels.ts";
import { cpuTimeOf } from "../../support/cpu-time.ts";
import { assertProperty } from "../../support/seeds.ts";

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
  ["a libvirt that does not give the state", domain(channel(PATH).replace(" state='connected'", "")), "connected"],
  ["a channel that QEMU connects out", domain(channel(PATH, { mode: "connect" })), "none"],
  ["a channel elsewhere", domain(channel("/run/libvirt/x.sock")), "none"],
  ["no channel", domain(), "none"],
  ["a channel that is no device", domain().replace("</metadata>", `${channel(PATH)}</metadata>`), "none"],
  ["double quotes and entities", domain(channel(PATH.replace("/var", "&#x2f;var")).replaceAll("'", '"')), "connected"],
];

for (const [what, xml, agent] of cases) {
  test(`${what}: ${agent}`, () => {
    assert.equal(agentChannel(xml, pattern).agent, agent);
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
    assert.equal(agentChannel(xml, pattern).agent, agent);
  });
}

test("channels that the pattern does not match are known, as long as there is none that it does", () => {
  const other = channel("/var/lib/libvirt/qemu/channel/target/domain-3-vm/org.qemu.guest_agent.0");
  assert.deepEqual(agentChannel(domain(other), pattern), {
    agent: "none",
    unmatched: "/var/lib/libvirt/qemu/channel/target/domain-3-vm/org.qemu.guest_agent.0",
  });
  assert.equal(agentChannel(domain(other, channel(PATH)), pattern).unmatched, undefined);
  assert.equal(
    agentChannel(domain("<channel type='spicevmc'><target type='virtio'/></channel>"), pattern).unmatched,
    undefined,
  );
});

const KIB = 1024;

for (const [what, xml] of [
  ["no XML", "not XML at all <"],
  ["nothing", ""],
  ["another document", "<network/>"],
  ["a character that there is not", domain().replace("<devices>", "<description>&#x110000;</description><devices>")],
  ["an entity that there is not", domain().replace("<devices>", "<description>&bomb;</description><devices>")],
  ["an end that is missing", domain().replace("</domain>", "")],
  ["too much", domain("<x/>".repeat(256 * KIB))],
  ["too deep", domain(`${"<a>".repeat(20_000)}${"</a>".repeat(20_000)}`)],
] as const) {
  test(`${what} is an error of its own`, () => {
    assert.throws(
      () => agentChannel(xml, pattern),
      (error: Error) => error instanceof DomainXmlError && error.message.length < 300,
    );
  });
}

/** What the time of a scanner may grow with the square of. Each takes milliseconds, and took up to minutes. */
const hostile: Readonly<Record<string, (length: number) => string>> = {
  "start tags": (length) => "<a ".repeat(length / 3),
  "less-than signs": (length) => "<".repeat(length),
  attributes: (length) => `<a ${"b='c' ".repeat(length / 6)}`,
  "blanks in a tag": (length) => `<a${" ".repeat(length)}`,
  "blanks behind a name": (length) => `<a b${" ".repeat(length)}='c'/>`,
  "a comment without end": (length) => "<!--".repeat(length / 4),
  "CDATA without end": (length) => "<![CDATA[".repeat(length / 9),
  instructions: (length) => "<?a ".repeat(length / 4),
  "closed tags": (length) => "</a>".repeat(length / 4),
  ampersands: (length) => "&".repeat(length),
  references: (length) => "&#x41;".repeat(length / 6),
  "carriage returns": (length) => "\r".repeat(length),
  brackets: (length) => "]]".repeat(length / 2),
  "a path that the pattern runs through again and again": (length) =>
    channel(`/var/lib/libvirt/qemu/org.qemu.guest_agent.${".instance-".repeat(length / 10)}`),
};

test("whatever stands in the XML, in any order, it is read or refused, within a time that its length bounds", () => {
  const pieces = [
    "<",
    ">",
    "</",
    "/>",
    "<a",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?a",
    "?>",
    "&",
    "&#x110000;",
    "&lt;",
    "'",
    '"',
  ];
  const words = [
    "<devices>",
    "</devices>",
    "<channel>",
    "</channel>",
    "<domain>",
    "</domain>",
    " b='c'",
    "=",
    " ",
    "\r",
    "\n",
    "\0",
    "é",
    "\u{1F600}",
  ];
  const piece = fc.constantFrom(...pieces, ...words);
  const xml = fc.tuple(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 20_000 })).map(([some, times]) =>
    some
      .join("")
      .repeat(times)
      .slice(0, 256 * KIB),
  );
  assertProperty(
    fc.property(xml, fc.boolean(), (text, inside) => {
      const ms = cpuTimeOf(() => {
        try {
          agentChannel(inside ? domain(text) : text, pattern);
        } catch (error) {
          assert.ok(error instanceof DomainXmlError, String(error));
        }
      });
      assert.ok(ms < 5000, `${ms} ms`);
    }),
    { numRuns: 100 },
  );
});

for (const [what, make] of Object.entries(hostile)) {
  test(`time grows no faster than the length of ${what}`, () => {
    const time = (length: number): number => {
      const xml = domain(make(length));
      return cpuTimeOf(() => {
        try {
          agentChannel(xml, pattern);
        } catch (error) {
          assert.ok(error instanceof DomainXmlError);
        }
      });
    };
    time(KIB);
    // A fault made 64 KiB of one of these last for 20 s.
    assert.ok(time(500 * KIB) < 10_000);
  });
}
