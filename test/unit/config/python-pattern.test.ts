import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { PythonPatternError, pythonPattern } from "../../../src/config/python-pattern.ts";
import { configRoot } from "../../support/config-root.ts";

const NOVA = "/var/lib/libvirt/qemu/org.qemu.guest_agent.0.instance-00000004.sock";

/** What `re.match(pattern, text)` of Python 3.11 gives. */
const matches: readonly (readonly [pattern: string, text: string, matched: boolean])[] = [
  [String.raw`/var/lib/libvirt/qemu/org\.qemu\.guest_agent\..*\.instance-.*\.sock`, NOVA, true],
  [String.raw`r'/var/lib/libvirt/qemu/org\.qemu\.guest_agent\..*\.instance-.*\.sock'`, NOVA, true],
  [String.raw`R"/var/lib/libvirt/qemu/org\.qemu\.guest_agent\..*"`, NOVA, true],
  [String.raw`'/var/lib/libvirt/qemu/org\\.qemu\\.guest_agent.*'`, NOVA, true],
  [String.raw`org\.qemu`, NOVA, false],
  ["/var/lib", NOVA, true],
  ["/var/lib$", NOVA, false],
  [String.raw`.*\.sock\Z`, NOVA, true],
  [String.raw`\A/var|/run`, "/run/x", true],
  ["/a|/b", "x/b", false],
  ["(?i)/VAR/LIB", NOVA, true],
  ["/(?i:VAR)/lib", NOVA, true],
  ["/(?P<dir>var)/lib(?#a comment)/libvirt", NOVA, true],
  ["(?P<a>ab)(?P=a)", "abab", true],
  [String.raw`(ab)\1`, "abab", true],
  [String.raw`instance\-[0-9a-f]{8}`, "instance-00000004", true],
  [String.raw`instance\_\:\'x`, "instance_:'x", true],
  ["[]a]+", "]a", true],
  ["[^]a]", "]", false],
  [String.raw`[\w\-.]+$`, "a-b.c", true],
  ["a{,2}$", "aaa", false],
  ["a{,2}b", "aab", true],
  ["a{x}", "a{x}", true],
  ["a]b", "a]b", true],
  [String.raw`\101\0`, "A\0", true],
  [String.raw`\x41\u0042`, "AB", true],
  ["(?<=x)a", "a", false],
  ["grün-🐄+", "grün-🐄🐄", true],
  ["", "anything", true],
];

for (const [pattern, text, matched] of matches) {
  test(`${pattern} ${matched ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
    assert.equal(pythonPattern(pattern).test(text), matched);
  });
}

for (const [pattern, expected] of [
  ["(unclosed", /group/i],
  ["[unclosed", /not closed/],
  ["*", /nothing to repeat/i],
  ["a++", /possessive/],
  ["(?>a)", /atomic/],
  ["(a)?(?(1)b|c)", /conditional/],
  ["(?x) a b", /flag/],
  [String.raw`\q`, /\\q/],
  [String.raw`a\N{DASH}`, /\\N/],
  ["a\\", /backslash/],
] as const) {
  test(`${pattern} is refused with the reason`, () => {
    assert.throws(
      () => pythonPattern(pattern),
      (error) => error instanceof PythonPatternError && expected.test(error.message),
    );
  });
}

test("a pattern that cannot be used is an error of its line in the configuration file", () => {
  using at = configRoot({ "x.conf": "[introspectiveinstancemonitor]\nqemu_guest_agent_sock_path = r'/run/(?>a)'\n" });
  const { diagnostics } = loadConfig({
    program: "masakari-introspectiveinstancemonitor",
    env: {},
    homeDir: at.homeDir,
    root: at.root,
    configFiles: [at.path("x.conf")],
  });
  assert.deepEqual(
    diagnostics.map(({ severity, line }) => [severity, line]),
    [["error", 2]],
  );
  assert.match(diagnostics[0]?.message ?? "", /qemu_guest_agent_sock_path .* atomic group/);
});
