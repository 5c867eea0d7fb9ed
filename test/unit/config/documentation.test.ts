import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { configurationDocument, withTables } from "../../../scripts/option-tables.ts";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { loadProcessList } from "../../../src/config/process-list.ts";
import { configRoot } from "../../support/config-root.ts";

const markdown = readFileSync(configurationDocument, "utf8");
/** The fenced examples of a language, without the indentation of a list they stand in. */
const examples = (language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, "gm"))].map(([, indent, text]) =>
    (text ?? "").replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );

test("the tables in docs/configuration.md are those of the program; node scripts/option-tables.ts regenerates them", () => {
  assert.equal(withTables(markdown), markdown);
});

test("the configuration files in docs/configuration.md are read without a word", () => {
  const texts = examples("ini");
  assert.equal(texts.length, 2);
  for (const text of texts) {
    using at = configRoot({ "x.conf": text });
    const loaded = loadConfig({ program: "x", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] });
    assert.deepEqual(loaded.diagnostics.map(describeDiagnostic), []);
    assert.equal(loaded.config.api.password, "pa$word");
  }
});

test("the process lists in docs/configuration.md are read without a word", async () => {
  const texts = examples("yaml");
  assert.equal(texts.length, 2);
  for (const text of texts) {
    const { entries, diagnostics } = await loadProcessList("p.yaml", { read: () => ({ text }) });
    assert.deepEqual(diagnostics.map(describeDiagnostic), []);
    assert.ok(entries.length > 0);
  }
});
