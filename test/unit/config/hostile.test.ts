import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { hasError } from "../../../src/config/diagnostic.ts";
import { renderEffective } from "../../../src/config/effective.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { parseProcessYaml } from "../../../src/config/process-list/parse-yaml.ts";
import { PythonPatternError, pythonPattern } from "../../../src/config/python-pattern.ts";
import { parseShell } from "../../../src/config/shell/assignments.ts";
import { parseProcList } from "../../../src/config/shell/proc-list.ts";
import { configRoot } from "../../support/config-root.ts";
import { cpuTimeOf } from "../../support/cpu-time.ts";

/** What took quadratic time took minutes; all of these together take about a second on an idle machine. CPU time of each, ms. */
const LIMIT = 15_000;

function withinLimit(what: string, run: () => void): void {
  const took = cpuTimeOf(run);
  assert.ok(took < LIMIT, `${what} took ${took} ms`);
}

const filled = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const pieces = [..." ,1:'\n\u3000", "$a", "\\$", "a:", "a@", " #", "(?#", "\n ", "a=1\n", "[a]\n", "[api]\n"];

test("a file of the greatest size is read in bounded time, whatever it is filled with", () => {
  using at = configRoot();
  const file = at.path("x.conf");
  for (const piece of pieces) {
    writeFileSync(file, filled(piece, 1024 * 1024));
    withinLimit(`INI of ${JSON.stringify(piece)}`, () => {
      const loaded = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, root: at.root, configFiles: [file] });
      // Neither many lines nor long ones.
      assert.ok(JSON.stringify(loaded.diagnostics).length < 200_000);
      renderEffective(loaded);
    });
  }
});

test("so is a line of 128 KiB of blanks, and any value of any kind that is as long as a value may be, or longer", () => {
  using at = configRoot();
  const file = at.path("x.conf");
  const options = [
    "[process]\ncheck_interval",
    "[process]\nsettle",
    "[api]\nauth_url",
    "[api]\npassword",
    "[host]\ncorosync_multicast_ports",
    "[introspectiveinstancemonitor]\nqemu_guest_agent_sock_path",
    "[libvirt]\nconnection_uri",
  ];
  for (const option of options) {
    for (const piece of pieces) {
      const length = piece === " " ? 128 * 1024 : 32_000;
      writeFileSync(file, `${option} = a${filled(piece, length)}b\n`);
      withinLimit(`${option} of ${JSON.stringify(piece)}`, () => {
        const loaded = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, root: at.root, configFiles: [file] });
        assert.ok(JSON.stringify(loaded.diagnostics).length < 50_000);
      });
    }
  }
});

test("options that refer to each other many times do not grow without end", () => {
  const names = ["username", "user_id", "project_name", "project_id", "domain_name", "domain_id", "trust_id"];
  const lines = names.map((name, index) => `${name} = ${`$${names[index + 1] ?? "region"}`.repeat(100)}`);
  using at = configRoot({ "x.conf": `[api]\n${lines.join("\n")}\n` });
  withinLimit("references", () => {
    const place = { program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] };
    const { diagnostics } = loadConfig(place);
    assert.ok(diagnostics.some(({ message }) => message.includes("is longer than 32768 characters")));
  });
});

test("the shell generation's files are read in bounded time", () => {
  for (const piece of pieces) {
    for (const text of [filled(piece, 64 * 1024), `A=${filled(piece, 64 * 1024)}`, `A="${filled(piece, 64 * 1024)}`]) {
      withinLimit(`shell of ${JSON.stringify(piece)}`, () => {
        assert.ok(JSON.stringify(parseShell("f", text).diagnostics).length < 50_000);
        assert.ok(JSON.stringify(parseProcList("f", text).diagnostics).length < 50_000);
      });
    }
  }
});

test("a process list of the greatest size is read in bounded time, and nothing in it throws", () => {
  const size = 256 * 1024;
  const forms = [
    "[",
    "{",
    "- ",
    "? ",
    "&a ",
    "*a ",
    "!x ",
    "a: ",
    "a:\n",
    "|\n",
    "'",
    '"',
    "---\n",
    "%",
    "- [",
    "- {a: ",
  ];
  const lines = [
    "- a: 1\n",
    "- &a b\n- *a\n",
    "- process_name: a\n",
    "<<: *a\n",
    "- {process_name: a, <<: *b}\n",
    "?\n",
    "[\n",
  ];
  for (const piece of [...forms, ...lines]) {
    for (const text of [filled(piece, size), `- process_name: ${filled(piece, size - 20)}`, filled(piece, size + 1)]) {
      withinLimit(`YAML of ${JSON.stringify(piece)}`, () => {
        assert.ok(JSON.stringify(parseProcessYaml("f", text).diagnostics).length < 100_000);
      });
    }
  }
  const keys = Array.from({ length: 2000 }, (_, index) => `k${index}: v`).join("\n  ");
  withinLimit("merges", () => {
    const text = `- &a\n  process_name: x\n  ${keys}\n${"- {<<: *a, process_name: y}\n".repeat(990)}`;
    parseProcessYaml("f", text);
  });
});

test("a pattern is translated in bounded time, or refused", () => {
  for (const piece of ["(?#", "(", "[", "\\", "a{1,", "(?P<a>", "(a*)*"]) {
    for (const length of [4000, 32_000]) {
      withinLimit(`pattern of ${piece}`, () => {
        try {
          pythonPattern(filled(piece, length));
        } catch (error) {
          assert.ok(error instanceof PythonPatternError, String(error));
        }
      });
    }
  }
});

test("the line of what is not UTF-8 is found, also behind a million lines", () => {
  using at = configRoot({
    "late.conf": Buffer.concat([Buffer.from("\n".repeat(1_000_000)), Buffer.from([0xff])]),
    "early.conf": Buffer.concat([Buffer.from("[a]\n"), Buffer.from([0xff]), Buffer.from("\n".repeat(1000))]),
    "alone.conf": Buffer.from([0xff]),
    "cut.conf": Buffer.from([0x0a, 0xc3, 0x0a, 0xa4]),
  });
  const lineOf = (name: string): number | undefined => {
    const place = { program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path(name)] };
    const { diagnostics } = loadConfig(place);
    assert.ok(hasError(diagnostics));
    return diagnostics[0]?.line;
  };
  withinLimit("bad UTF-8", () => assert.equal(lineOf("late.conf"), 1_000_001));
  assert.equal(lineOf("early.conf"), 2);
  assert.equal(lineOf("alone.conf"), 1);
  assert.equal(lineOf("cut.conf"), 2);
});
