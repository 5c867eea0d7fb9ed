import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { parseProcessYaml } from "../../../src/config/process-list/parse-yaml.ts";
import { loadProcessList } from "../../../src/config/process-list.ts";
import { configRoot } from "../../support/config-root.ts";
import { assertProperty } from "../../support/seeds.ts";

const fixture = fileURLToPath(new URL("../../fixtures/config/process_list.yaml", import.meta.url));
const list = (text: string) => loadProcessList("p.yaml", { read: () => ({ text }) });
const linesFor = async (text: string) => (await list(text)).diagnostics.map(describeDiagnostic);

const bad: Readonly<Record<string, readonly [string, string]>> = {
  "an empty file": ["", "p.yaml:1: error: the process list is empty; write [] if no process is to be watched"],
  "only comments": [
    "# x\n---\n",
    "p.yaml:1: error: the process list is empty; write [] if no process is to be watched",
  ],
  "a mapping": [
    "# x\nprocess_name: a\n",
    "p.yaml:2: error: the process list must be a list of entries, not a mapping; put a - before each entry",
  ],
  text: ["nova", "p.yaml:1: error: the process list must be a list of entries, not something else"],
  "an entry of text": [
    "- process_name: a\n  restart_command: b\n- nova\n",
    "p.yaml:3: error: an entry must be a mapping with process_name and its commands, not text",
  ],
  "an empty entry": [
    "-\n",
    "p.yaml:1: error: an entry must be a mapping with process_name and its commands, not nothing",
  ],
  "no process_name": [
    "-\n  start_command: a\n  restart_command: b\n",
    "p.yaml:2: error: this entry has no process_name, which is required",
  ],
  "an empty process_name": [
    "- process_name: ' '\n",
    "p.yaml:1: error: process_name is empty; it must name the process",
  ],
  "a process_name that ends with a slash": [
    "- process_name: /usr/\n",
    "p.yaml:1: error: process_name must not end with a /: the part after the last / is what is reported",
  ],
  "a number for a name": [
    "- process_name: 8080\n",
    "p.yaml:1: error: process_name must be text, not the number 8080; put it in quotes",
  ],
  "an unknown key": [
    "- process_name: a\n  restart_comand: b\n",
    "p.yaml:2: error: there is no key restart_comand; did you mean restart_command?",
  ],
  "a boolean for a command (ends the Python monitor for ever)": [
    "- process_name: a\n  start_command: true\n",
    "p.yaml:2: error: start_command must be a command as text, not the boolean true",
  ],
  "a list for a command": [
    "- process_name: a\n  restart_command: [a, b]\n",
    "p.yaml:2: error: restart_command must be a command as text, not a list",
  ],
  "no boolean": [
    "- process_name: a\n  run_as_root: maybe\n",
    'p.yaml:2: error: run_as_root must be true or false, not "maybe"',
  ],
  "an unknown match": [
    "- process_name: a\n  match: exact\n",
    "p.yaml:2: error: match must be program, substring or regex",
  ],
  "a bad expression": [
    "- match: regex\n  process_name: '['\n",
    "p.yaml:2: error: process_name is not a regular expression: /[/: Unterminated character class",
  ],
  "an expression that matches everything": [
    "- match: regex\n  process_name: .*\n",
    "p.yaml:2: error: process_name matches the empty string, and so every process; make the expression more specific",
  ],
  "a user that this host does not have": [
    "- process_name: a\n  user: nobody-of-this-name\n",
    'p.yaml:2: error: user "nobody-of-this-name" is not in /etc/passwd; write the number of a user from elsewhere',
  ],
  "a relative pidfile": ["- process_name: a\n  pidfile: a.pid\n", "p.yaml:2: error: pidfile must be an absolute path"],
  "two units": [
    "- process_name: a\n  systemd_unit: a b\n",
    "p.yaml:2: error: systemd_unit must be the name of one systemd unit, e.g. nova-compute.service",
  ],
  "a negative time": ["- process_name: a\n  settle: -1\n", "p.yaml:2: error: settle must be at least 0, not -1"],
  "no time at all for commands": [
    "- process_name: a\n  command_timeout: 0\n",
    "p.yaml:2: error: command_timeout must be at least 0.1, not 0",
  ],
  "endless time": [
    "- process_name: a\n  settle: .inf\n",
    "p.yaml:2: error: settle must be a number of seconds, not the number Infinity",
  ],
  "half a retry": [
    "- process_name: a\n  restart_retries: 1.5\n",
    "p.yaml:2: error: restart_retries must be a whole number, not the number 1.5",
  ],
  "a tab": [
    "- process_name: a\n\trestart_command: b\n",
    "p.yaml:2: error: this is not valid YAML: Unexpected scalar at node end",
  ],
  "a Python object": [
    "- process_name: !!python/object:os.system ls\n",
    "p.yaml:1: error: this is not plain YAML: Unresolved tag: tag:yaml.org,2002:python/object:os.system",
  ],
  "a second document": [
    "- process_name: a\n---\n- process_name: b\n",
    "p.yaml:2: error: a second YAML document begins here; the process list must be one document",
  ],
  "an alias of nothing": ["- *a\n", "p.yaml:1: error: the alias *a has no anchor"],
  "an alias bomb": [
    "- process_name: &a [x, x]\n  start_command: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n  pidfile: &c [*b, *b, *b, *b, *b, *b, *b, *b]\n  match: [*c, *c, *c, *c, *c, *c, *c]\n",
    "p.yaml:1: error: this entry cannot be read: Excessive alias count indicates a resource exhaustion attack",
  ],
  "too many entries": [
    `- &a {process_name: x}\n${"- *a\n".repeat(1000)}`,
    "p.yaml:1: error: the process list has more than 1000 entries",
  ],
  "too large a file": [`# ${"x".repeat(256 * 1024)}`, "p.yaml: error: the process list is larger than 256 KiB"],
};

for (const [what, [text, message]] of Object.entries(bad)) {
  test(`refused: ${what}`, async () => {
    const { entries, diagnostics } = await list(text);
    assert.deepEqual(entries, []);
    assert.ok(diagnostics.map(describeDiagnostic).includes(message), diagnostics.map(describeDiagnostic).join("\n"));
  });
}

test("one bad entry refuses the whole list, and every mistake is named", async () => {
  const { entries, diagnostics } = await list(
    "- process_name: a\n  restart_command: b\n- process_name: c\n  setle: 1\n  settle: soon\n- d\n",
  );
  assert.deepEqual(entries, []);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === "error").map(({ line }) => line),
    [4, 5, 6],
  );
});

test("an entry with a mistake takes the good ones with it: a part of a list would go unnoticed", async () => {
  const { entries, diagnostics } = await list(
    "- process_name: a\n  restart_command: b\n- process_name: c\n  settle: x\n",
  );
  assert.deepEqual([entries, diagnostics.length], [[], 1]);
});

test("a key that is near no other is ignored, as the Python monitor does, with a warning", async () => {
  const text = "- id: 1\n  process_name: a\n  restart_command: b\n  remark: since May\n";
  const { entries, diagnostics } = await list(text);
  assert.deepEqual(
    entries.map(({ process_name }) => process_name),
    ["a"],
  );
  assert.deepEqual(diagnostics.map(describeDiagnostic), [
    "p.yaml:1: warning: there is no key id; it is ignored",
    "p.yaml:4: warning: there is no key remark; it is ignored",
  ]);
  for (const key of ["restart_comand", "systemd-unit", "retries", "name"]) {
    assert.equal((await list(`- process_name: a\n  restart_command: b\n  ${key}: c\n`)).entries.length, 0, key);
  }
});

test("what will not do what it looks like is a warning", async () => {
  assert.deepEqual(await linesFor("- process_name: a\n- process_name: a\n  start_command: b\n"), [
    "p.yaml:1: warning: a has neither a start_command nor a restart_command: it can only be reported, never brought back",
    "p.yaml:2: warning: a has no restart_command: when it goes down it can only be reported",
    "p.yaml:2: warning: a is in the list on line 1 already; both entries will act on the same process",
  ]);
  assert.deepEqual(await linesFor("- process_name: a\n  restart_command: b && c\n  restart_command: sh -c 'b'\n"), [
    "p.yaml:3: warning: restart_command is set on line 2 already; this later value counts",
    "p.yaml:3: warning: restart_command is split at white space and run without a shell, so its quotes are passed on as they stand; put the command in a script",
  ]);
  assert.match(
    (await linesFor("- process_name: a\n  restart_command: b; c\n"))[0] ?? "",
    /so b; is passed on as an argument/,
  );
  assert.deepEqual(await linesFor("- process_name: a\n  restart_command: |\n    b c\n    d\n"), [
    "p.yaml:2: warning: restart_command is one command, whatever lines it is written on: the words of all of them are its arguments",
  ]);
  assert.deepEqual(await linesFor("- process_name: a\n  restart_command: >\n    b c\n    d\n"), []);
  assert.match(
    (await linesFor(`- process_name: ${"x".repeat(256)}\n  restart_command: b\n`))[0] ?? "",
    /Masakari refuses/,
  );
  assert.deepEqual(await linesFor("[]\n"), ["p.yaml: warning: the process list has no entries: no process is watched"]);
});

test("nothing in a file can make the reader throw", () => {
  const pieces = fc.constantFrom(
    ..."-:#&*!|>[]{},%@`'\"\n\t ?~".split(""),
    "process_name",
    ": ",
    "\n- ",
    "\n  ",
    "<<",
    "*a",
    "&a ",
    "---\n",
    "1e9",
    "!!binary ",
    "\u0085",
    "é",
  );
  const seed = readFileSync(fixture, "utf8");
  assertProperty(
    fc.property(fc.array(pieces, { maxLength: 40 }), fc.nat(seed.length), (parts, at) => {
      parseProcessYaml("p.yaml", parts.join(""));
      parseProcessYaml("p.yaml", seed.slice(0, at) + parts.join("") + seed.slice(at));
    }),
    { numRuns: 300 },
  );
});

test("a list that does not exist is an error", async () => {
  using at = configRoot();
  const { diagnostics } = await loadProcessList(at.path("none.yaml"), { shellDirectories: [at.root] });
  assert.deepEqual(diagnostics.map(describeDiagnostic), [
    `${at.path("none.yaml")}: error: the process list does not exist`,
  ]);
});

test("proc.list of the shell generation is read in place of a list that does not exist, with a line about that", async () => {
  using at = configRoot({ "proc.list": "01,nova-compute,sudo service nova start,sudo service nova start,,,,\n" });
  const { entries, diagnostics, file } = await loadProcessList(at.path("process_list.yaml"));
  assert.deepEqual([entries.length, file], [1, at.path("proc.list")]);
  assert.match(
    diagnostics.map(describeDiagnostic)[0] ?? "",
    /proc\.list: info: there is no .*process_list\.yaml, so this/,
  );
});
