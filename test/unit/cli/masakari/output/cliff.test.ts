import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Command } from "commander";
import { parse } from "yaml";
import type { OutputOptions } from "../../../../../src/cli/masakari/output/format-options.ts";
import { addOutputOptions } from "../../../../../src/cli/masakari/output/options.ts";
import { render } from "../../../../../src/cli/masakari/output/render.ts";
import type { View } from "../../../../../src/cli/masakari/output/view.ts";

interface Recorded {
  readonly view: { readonly columns: string[]; readonly rows?: unknown[][]; readonly values?: unknown[] };
  readonly arguments: readonly string[];
  readonly output: string;
}

const file = new URL("../../../../fixtures/cliff/cliff-4.0.0-outputs.json", import.meta.url);
const { outputs } = JSON.parse(readFileSync(file, "utf8")) as { readonly outputs: readonly Recorded[] };
const base = { env: {}, homeDir: "/nonexistent", out: () => undefined, err: () => assert.fail("a warning") };

async function printed(view: View, args: readonly string[], context: object = {}): Promise<string> {
  const command = addOutputOptions(new Command("x"), view.kind).exitOverride();
  command.parse(args, { from: "user" });
  return await render(view, command.opts<OutputOptions>(), { ...base, ...context });
}

for (const { view, arguments: args, output } of outputs) {
  const { columns, rows, values = [] } = view;
  const given: View = rows === undefined ? { kind: "object", columns, values } : { kind: "list", columns, rows };
  test(`cliff prints the same: ${args.join(" ") || "no option"}, ${rows?.length ?? "one object"}`, async () => {
    assert.equal(await printed(given, args), output);
  });
}

const hostile: View = {
  kind: "object",
  columns: ["name"],
  values: ['$(reboot) `id` \\ "q" \u001b[2J\u009b\u202e\r\tend'],
};
const asList: View = { kind: "list", columns: hostile.columns, rows: [hostile.values] };
const terminal = { terminal: { columns: 200 } };

test("nothing that moves a cursor reaches a terminal, in any format", async () => {
  for (const [view, format] of [
    ...["json", "shell", "table", "value", "yaml"].map((format) => [hostile, format] as const),
    ...["csv", "json", "table", "value", "yaml"].map((format) => [asList, format] as const),
  ]) {
    const text = await printed(view, ["-f", format], terminal);
    assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}]/u, format);
    assert.match(text, /end/, format);
  }
});

test("a program gets values as they are, but a table never has control characters", async () => {
  assert.ok((await printed(asList, ["-f", "value"])).includes("\u001b[2J"));
  assert.ok((await printed(asList, ["-f", "csv"])).includes("\u001b[2J"));
  assert.ok(!(await printed(asList, [])).includes("\u001b"));
});

test("a shell's value is no command", async () => {
  const { stdout } = spawnSync("sh", {
    input: `${await printed(hostile, ["-f", "shell"])}printf %s "$name"`,
    encoding: "utf8",
  });
  assert.equal(stdout, hostile.values[0]);
});

test("a table fits the terminal, unless another width is given", async () => {
  const wide: View = { kind: "list", columns: ["one", "two"], rows: [["word ".repeat(20), "word ".repeat(20)]] };
  const widest = async (args: string[], context: object): Promise<number> =>
    Math.max(...(await printed(wide, args, context)).split("\n").map((line) => line.length));
  const columns = { terminal: { columns: 60 } };
  assert.equal(await widest([], {}), 207);
  assert.ok((await widest([], columns)) <= 60);
  assert.ok((await widest(["--max-width", "90"], columns)) > 60);
  assert.ok((await widest([], { env: { CLIFF_MAX_TERM_WIDTH: "40" } })) <= 40);
});

test("YAML is read back as the same values", async () => {
  const values = [
    "yes",
    "2026-11-28T06:00:00.000000",
    "012",
    "",
    "a: b",
    "- x",
    "\u2028\u0007é\n\nb",
    null,
    true,
    7,
    { b: [], a: "#" },
  ];
  const view: View = { kind: "list", columns: values.map((_, index) => `c${index}`), rows: [values] };
  const [row] = parse(await printed(view, ["-f", "yaml"]), { version: "1.1" }) as Record<string, unknown>[];
  assert.deepEqual(
    view.columns.map((column) => row?.[column]),
    values,
  );
});

test("unknown columns are an error that lists those that there are; values without an order are not sorted", async () => {
  await assert.rejects(printed(asList, ["-c", "nope"]), /there is no column nope; there are name/);
  let warned = "";
  const view: View = { kind: "list", columns: ["payload"], rows: [[{ b: 1 }], [{ a: 1 }]] };
  const err = (text: string): void => {
    warned += text;
  };
  assert.match(await printed(view, ["--sort-column", "payload", "-f", "value"], { err }), /b.*\n.*a/);
  assert.match(warned, /cannot be sorted by payload/);
});
