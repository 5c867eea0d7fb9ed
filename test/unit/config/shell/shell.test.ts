import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDiagnostic } from "../../../../src/config/diagnostic.ts";
import { parseShell } from "../../../../src/config/shell/assignments.ts";
import { shellAsIni } from "../../../../src/config/shell/mapping.ts";
import { parseProcList } from "../../../../src/config/shell/proc-list.ts";

const values = (text: string) => parseShell("f", text).assignments.map(({ name, value }) => [name, value]);
const diagnosticsOf = (text: string) => parseShell("f", text).diagnostics.map(describeDiagnostic);

test("assignments are read as a shell reads them", () => {
  const text = [
    "# a comment",
    "A=60",
    "  B = no",
    'C="two words" # comment',
    "D='si$n \"gle'",
    'E="dou\\"ble \\$x \\y"',
    "F=a\\ b'c'\"d\"#e",
    "export G=1 H=2; I=3",
    `J="$A-\${C}"`,
    "K=",
    'L="100%$"',
    "A=61",
  ].join("\n");
  assert.deepEqual(values(text), [
    ["A", "60"],
    ["C", "two words"],
    ["D", 'si$n "gle'],
    ["E", 'dou"ble $x \\y'],
    ["F", "a bcd#e"],
    ["G", "1"],
    ["H", "2"],
    ["I", "3"],
    ["J", "60-two words"],
    ["K", ""],
    ["L", "100%$"],
    ["A", "61"],
  ]);
  assert.deepEqual(diagnosticsOf(text), ["f:3: warning: this is not a plain NAME=value; it is not run"]);
});

test("what only a shell can work out is an error that does not quote the value", () => {
  const lines = diagnosticsOf(
    ["A=$(cat secret)", 'B="`secret`"', "C=$secret", 'D="secret', `E=\${secret:-x}`, "F=secret|x", 'G="secret$1"'].join(
      "\n",
    ),
  );
  assert.deepEqual(
    lines.map((line) => /^f:\d: error: the value of . \w+/.exec(line)?.[0]),
    [
      "f:1: error: the value of A runs",
      "f:2: error: the value of B runs",
      "f:3: error: the value of C uses",
      "f:4: error: the value of D begins",
      "f:5: error: the value of E uses",
      "f:6: error: the value of F holds",
      "f:7: error: the value of G uses",
    ],
  );
  assert.doesNotMatch(lines.join("\n"), /secret/);
});

test("an unknown variable and one without a counterpart are warnings, an empty one is the default", () => {
  const ini = shellAsIni(
    "processmonitor",
    parseShell("f", "PROCES_CHECK_INTERVAL=5\nREBOOT_INTERVAL=\nPROCESS_REBOOT_RETRY=1\n"),
  );
  assert.deepEqual(ini.assignments, [{ section: "process", key: "restart_retries", value: "1", line: 3 }]);
  assert.deepEqual(ini.diagnostics.map(describeDiagnostic), [
    "f:1: warning: PROCES_CHECK_INTERVAL is not a variable of processmonitor.conf; it is ignored; did you mean PROCESS_CHECK_INTERVAL?",
  ]);
  const host = shellAsIni("hostmonitor", parseShell("f", "MAX_CHILD_PROCESS=3\nSTONITH_TYPE=ipmi\n"));
  assert.deepEqual(
    host.assignments.map(({ key, value }) => [key, value]),
    [["disable_ipmi_check", "false"]],
  );
  assert.match(host.diagnostics[0]?.message ?? "", /MAX_CHILD_PROCESS has no counterpart/);
});

const row = (text: string) => parseProcList("proc.list", text);

test("the columns of proc.list are the commands in its own order", () => {
  const { entries, diagnostics } = row("1,/usr/sbin/x,a start,b start,pre,post,repre,repost\n\n");
  assert.deepEqual(diagnostics, []);
  const [entry] = entries;
  assert.deepEqual(
    [entry?.start_command, entry?.restart_command, entry?.pre_start_command, entry?.post_start_command],
    ["a start", "b start", "pre", "post"],
  );
  assert.deepEqual(
    [entry?.pre_restart_command, entry?.post_restart_command, entry?.run_as_root],
    ["repre", "repost", true],
  );
});

test("sudo in a command stays as it is, and is enough to be root", () => {
  const [entry] = row("1,x,sudo service x start,sudo service x start,,,,").entries;
  assert.deepEqual([entry?.start_command, entry?.run_as_root], ["sudo service x start", false]);
});

test("two commands joined by ; become a command and the one before it; more have no counterpart", () => {
  const [entry] = row("1,x,,stop x ; start x;,,,,").entries;
  assert.deepEqual([entry?.pre_restart_command, entry?.restart_command], ["stop x", "start x"]);
  assert.match(row("1,x,,a;b;c start,,,,").diagnostics[0]?.message ?? "", /put them in a script/);
  assert.match(row("1,x,,a;b start,,,pre,").diagnostics[0]?.message ?? "", /put them in a script/);
});

test("a bad line of proc.list is an error with its line", () => {
  assert.deepEqual(row("1,x,,r start,,,,\n\n2,y\nz,y,,,,,,\n3,,,,,,,\n").diagnostics.map(describeDiagnostic), [
    "proc.list:3: error: a line must have 8 columns (7 commas), not 2",
    "proc.list:4: error: the first column must be a number",
    "proc.list:5: error: process_name is empty; it must name the process",
  ]);
});
