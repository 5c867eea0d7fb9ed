import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkConfig } from "../../../src/config/check-config.ts";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { renderEffective } from "../../../src/config/effective.ts";
import { parseIni } from "../../../src/config/ini.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { SectionTable } from "../../../src/config/option.ts";
import type { Tables } from "../../../src/config/option-index.ts";
import { Resolver } from "../../../src/config/resolve.ts";
import { configRoot } from "../../support/config-root.ts";

const defaults = {
  help: "",
  options: {
    hostname: { type: "string", default: "h0", deprecated: [{ name: "host" }], help: "" },
    s: { type: "string", help: "" },
    t: { type: "string", help: "" },
    i: { type: "int", default: 5, help: "" },
    f: { type: "float", default: 1.5, help: "" },
    b: { type: "bool", default: false, help: "" },
    l: { type: "list", default: [], help: "" },
    m: { type: "multi", default: [], help: "" },
    ch: { type: "choice", choices: ["a", "b"], default: "a", help: "" },
    port: { type: "port", help: "" },
    ports: { type: "ports", default: [], help: "" },
    ranged: { type: "int", default: 5, min: 2, max: 9, help: "" },
    hidden: { type: "string", secret: true, help: "" },
    for_mer: { type: "string", deprecated: [{ name: "once_other" }], help: "" },
    with_dash: { type: "string", deprecated: [{ name: "once-so" }], help: "" },
  },
} as const satisfies SectionTable;

const tables: Tables = {
  DEFAULT: defaults,
  grp: {
    help: "",
    options: { s: { type: "string", default: "gs", help: "" }, i: { type: "int", default: 7, help: "" } },
  },
};

interface Question {
  readonly name: string;
  readonly text: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly values: "error" | Readonly<Record<string, unknown>>;
}

const questions: readonly Question[] = JSON.parse(
  readFileSync(new URL("../../fixtures/config/oslo.config-9.0.0-values.json", import.meta.url), "utf8"),
);

/** Where this reader means to differ, and what it reads. */
const differences: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // An empty value is the default, not None, which the Python monitors stumble over later.
  empty: { s: undefined, i: 5, f: 1.5, l: [], t: undefined },
  // None is no port.
  "ports empty": { ports: "error" },
  // A list is put in as it would be written, not as Python's repr; None is not set at all.
  "subst list/none/bool": { s: "a,b true  1.5 a" },
};

function ask(text: string, env: Readonly<Record<string, string>>, names: readonly string[]) {
  const file = parseIni("x.conf", text);
  if (file.diagnostics.some(({ severity }) => severity === "error")) return "error";
  return Object.fromEntries(
    names.map((name) => {
      const resolver = new Resolver(tables, { files: [file], env, overrides: {} });
      const [section, option] = name.includes(".") ? name.split(".") : ["DEFAULT", name];
      const { value } = resolver.get(section ?? "", option ?? "");
      return [name, resolver.diagnostics.some(({ severity }) => severity === "error") ? "error" : value];
    }),
  );
}

for (const { name, text, env, names, values } of questions) {
  test(`reads as the real oslo.config does: ${name}`, () => {
    // An empty string is "not set" for an option without a default, as for keystoneauth.
    const unset = (value: unknown) => (value === null || value === "" ? undefined : value);
    const expected =
      differences[name] ??
      (values === "error"
        ? "error"
        : Object.fromEntries(Object.entries(values).map(([option, value]) => [option, unset(value)])));
    assert.deepEqual(ask(text, env ?? {}, names), expected);
  });
}

test("the command line wins over the environment, which wins over files, of which the last wins", () => {
  const files = [
    parseIni("1", "[DEFAULT]\ns = 1\nt = 1\nhostname = 1\ni = 1\n"),
    parseIni("2", "[DEFAULT]\ns = 2\nt = 2\nhost = 2\n"),
  ];
  const resolver = new Resolver(tables, {
    files,
    env: { OS_DEFAULT__S: "env", OS_DEFAULT__T: "env" },
    overrides: { s: "command" },
  });
  assert.deepEqual(resolver.get("DEFAULT", "s"), { value: "command", origin: { kind: "command line" } });
  assert.deepEqual(resolver.get("DEFAULT", "t"), {
    value: "env",
    origin: { kind: "environment", variable: "OS_DEFAULT__T" },
  });
  assert.deepEqual(resolver.get("DEFAULT", "hostname"), { value: "2", origin: { kind: "file", file: "2", line: 4 } });
  assert.deepEqual(resolver.get("DEFAULT", "i"), { value: 1, origin: { kind: "file", file: "1", line: 5 } });
  assert.deepEqual(resolver.get("DEFAULT", "f"), { value: 1.5, origin: { kind: "default" } });
});

test("a multi-valued option collects from all files in their order", () => {
  const files = [parseIni("1", "[DEFAULT]\nm = a\nm = b\n"), parseIni("2", "[DEFAULT]\nm = c\n")];
  const resolver = new Resolver(tables, { files, env: {}, overrides: {} });
  assert.deepEqual(resolver.get("DEFAULT", "m").value, ["a", "b", "c"]);
});

test("a bad value is an error with its file and line, and the default counts", () => {
  const resolver = new Resolver(tables, {
    files: [parseIni("x.conf", "[DEFAULT]\n\ni = 5 # s\n")],
    env: {},
    overrides: {},
  });
  assert.equal(resolver.get("DEFAULT", "i").value, 5);
  assert.deepEqual(resolver.diagnostics, [
    {
      severity: "error",
      file: "x.conf",
      line: 3,
      message: '[DEFAULT] i must be a whole number, not "5 # s"; a comment needs a line of its own',
      section: "DEFAULT",
    },
  ]);
});

test("a bad value from the environment names the variable", () => {
  const resolver = new Resolver(tables, { files: [], env: { OS_DEFAULT__B: "maybe" }, overrides: {} });
  resolver.get("DEFAULT", "b");
  assert.match(resolver.diagnostics[0]?.message ?? "", /environment OS_DEFAULT__B/);
});

test("a dollar in a secret that refers to nothing is explained without showing any of it", () => {
  const resolver = new Resolver(tables, {
    files: [parseIni("x.conf", "[DEFAULT]\nhidden = Sesam$offen\n")],
    env: {},
    overrides: {},
  });
  assert.equal(resolver.get("DEFAULT", "hidden").value, undefined);
  const [problem] = resolver.diagnostics;
  assert.match(problem?.message ?? "", /write \$\$ for a dollar/);
  assert.doesNotMatch(problem?.message ?? "", /Sesam|offen/);
});

test("a line that is indented by mistake goes on with the value above it: an error, that shows none of it", () => {
  using at = configRoot({
    "x.conf": `[DEFAULT]
debug = true
  password = hidden1
[api]
auth_url = http://k
  password = hidden2
api_interface = public
  password = hidden3
[host]
corosync_multicast_ports = 5405
  password = hidden4
corosync_multicast_interfaces = ens8,
  ens9
  password = hidden5
`,
  });
  const loaded = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] });
  const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
  assert.deepEqual(
    errors.map(({ line }) => line),
    [2, 5, 7, 10, 12],
  );
  assert.match(errors[0]?.message ?? "", /not "true" and its continuation lines$/);
  assert.match(errors[1]?.message ?? "", /auth_url continues on the next line, because that begins with white space/);
  assert.doesNotMatch(`${JSON.stringify(errors)}${renderEffective(loaded)}`, /hidden/);
});

test("nor does a file that cannot be read for it", async () => {
  using at = configRoot({
    "x.conf":
      "[api]\nauth_url = http://k\ncafile = /none\n password = hidden6\n[process]\nprocess_list_path = /none\n token = hidden7\n",
  });
  const loaded = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] });
  const lines = (await checkConfig(loaded, "masakari-processmonitor")).map(describeDiagnostic);
  assert.equal(lines.filter((line) => line.includes("/none … ")).length, 2);
  assert.doesNotMatch(lines.join(), /hidden|\n/);
});
