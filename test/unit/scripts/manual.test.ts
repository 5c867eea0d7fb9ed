import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bashCompletion } from "../../../scripts/debian/completion.ts";
import { type Help, parseHelp } from "../../../scripts/debian/help.ts";
import { manPage } from "../../../scripts/debian/man-page.ts";

/** As commander 15 writes it. */
const TEXT = `Usage: masakari-monitors outbox [options] [command]

list the undelivered notifications
of this host

Options:
  --all                     also those that ended lately,
                            and how
  --config-file <PATH>      read this file; may be repeated
  --description <TEXT>
  -h, --help                display help for command

Commands:
  drop [options] [id...]    never send these notifications

A note that
is on two lines.
`;

const parsed = parseHelp(TEXT);
const common = { arguments: [], notes: [] };
const drop: Help = {
  ...common,
  name: "masakari-monitors drop",
  usage: "masakari-monitors drop [options] [id...]",
  description: ".never send these",
  options: [{ term: "--program <name>", text: "only of this program" }],
  commands: [],
};
const help: Help = {
  ...parsed,
  name: "masakari-monitors",
  arguments: [],
  options: parsed.sections.get("Options") ?? [],
  commands: [drop],
};

test("help is read back: wrapped texts, terms without a text, notes after the lists", () => {
  assert.equal(parsed.usage, "masakari-monitors outbox [options] [command]");
  assert.equal(parsed.description, "list the undelivered notifications of this host");
  assert.deepEqual(parsed.sections.get("Options"), [
    { term: "--all", text: "also those that ended lately, and how" },
    { term: "--config-file <PATH>", text: "read this file; may be repeated" },
    { term: "--description <TEXT>", text: "" },
    { term: "-h, --help", text: "display help for command" },
  ]);
  assert.deepEqual(parsed.notes, ["A note that is on two lines."]);
});

test("a manual page has every option and command, with hyphens that can be pasted, and no request from a text", () => {
  const page = manPage(help, {
    section: 8,
    version: "1.2",
    date: 0,
    files: [{ term: "/etc/x", text: "it" }],
    seeAlso: ["y(1)"],
  });
  assert.match(page, /^\.TH MASAKARI\\-MONITORS 8 1970-01-01 "masakari-monitors 1\.2"$/m);
  assert.match(page, /^\.B \\-\\-config\\-file <PATH>\nread this file; may be repeated$/m);
  assert.match(page, /^\.SH COMMANDS\n\.SS masakari\\-monitors drop \[options\] \[id\.\.\.\]\n\\&\.never send these$/m);
  assert.match(page, /^\.SH FILES\n\.TP\n\.B \/etc\/x\nit$/m);
});

test("bash completes commands, their options, and files", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "completion-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "completion");
  writeFileSync(file, bashCompletion([help]));
  const complete = (...words: readonly string[]): string[] => {
    const set = `source ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}`;
    const script = `${set}; _masakari_monitors; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script], { encoding: "utf8", cwd: directory }).trim().split("\n");
  };
  assert.deepEqual(complete("/usr/bin/masakari-monitors", ""), [
    "drop",
    "--all",
    "--config-file",
    "--description",
    "-h",
    "--help",
  ]);
  assert.deepEqual(complete("masakari-monitors", "drop", "--p"), ["--program"]);
  assert.deepEqual(complete("masakari-monitors", "--config-file", "comp"), ["completion"]);
});
