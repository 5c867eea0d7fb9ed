import assert from "node:assert/strict";
import { test } from "node:test";
import { properties, table } from "../../../src/cli/table.ts";
import { jsonFormat, textFormat } from "../../../src/system/logging/format.ts";
import { LEVELS } from "../../../src/system/logging/record.ts";
import { printable, printableJson } from "../../../src/system/printable.ts";

const HOSTILE = [
  ["escape", "\u001b[2J"],
  ["carriage return", "good\rbad"],
  ["DEL", "\u007f"],
  ["C1: CSI", "\u009b2J"],
  ["bidirectional override", "\u202egpj.exe"],
  ["bidirectional isolate", "\u2066"],
  ["zero-width space", "a\u200bb"],
  ["byte order mark", "\ufeff"],
  ["line separator", "a\u2028b"],
  ["paragraph separator", "a\u2029b"],
  ["tag beyond the basic plane", "\u{e0041}"],
  ["half of a surrogate pair", "\ud800"],
] as const;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

for (const [what, text] of HOSTILE) {
  test(`${what}: it reaches neither a terminal nor a log, in a value nor in a key, and JSON keeps its meaning`, () => {
    assert.doesNotMatch(printable(text), UNPRINTABLE);
    const value = { [`key${text}`]: [text] };
    for (const indent of [undefined, 2]) {
      const json = printableJson(value, indent);
      assert.doesNotMatch(json.replaceAll("\n", ""), UNPRINTABLE);
      assert.deepEqual(JSON.parse(json), value);
    }
    const shown = table([value], [["KEY", (row) => row[`key${text}`]]]) + properties(value);
    assert.doesNotMatch(shown.replaceAll("\n", ""), UNPRINTABLE);
    const record = { time: 0, level: LEVELS.info, name: "test", message: text };
    const line = jsonFormat("%Y")(record);
    assert.doesNotMatch(line, UNPRINTABLE);
    assert.equal((JSON.parse(line) as { message: string }).message, text);
    assert.doesNotMatch(textFormat("%(message)s", "%Y")(record), UNPRINTABLE);
  });
}

test("what is printable stays as it is", () => {
  const text = "größer, 東京, 👩 naïve";
  assert.equal(printable(text), text);
  assert.equal(printableJson({ text }), JSON.stringify({ text }));
});
