import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonFormat, textFormat } from "../../../../src/system/logging/format.ts";
import { LEVELS } from "../../../../src/system/logging/record.ts";

const DEFAULT = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s";
const record = {
  time: new Date(2026, 10, 23, 4, 5, 6, 7).getTime(),
  level: LEVELS.warning,
  name: "masakarimonitors.process",
  message: "nova-compute died",
};

test("oslo.log's default format gives the line that operators' parsers know", () => {
  assert.equal(
    textFormat(DEFAULT, "%Y-%m-%d %H:%M:%S")(record),
    `2026-11-23 04:05:06.007 ${process.pid} WARNING masakarimonitors.process [-] nova-compute died`,
  );
});

test("widths, flags, a literal percent and unknown keys are Python's or harmless", () => {
  assert.equal(textFormat("%(levelname)-10s|%(levelname)9s|%%|%(user)s", "%Y")(record), "WARNING   |  WARNING|%|-");
});

test("a message that looks like a conversion stays as it is", () => {
  assert.equal(textFormat("%(message)s", "%Y")({ ...record, message: "100%(name)s $& %%" }), "100%(name)s $& %%");
});

test("a message can neither forge another record nor reach a terminal", () => {
  const message = 'is "x\n2026-11-23 04:05:06.007 1 ERROR forged" \u001b[31m\u009b1m\rover\tthere';
  const [first = "", second = "", ...more] = textFormat(DEFAULT, "%F")({ ...record, message }).split("\n");
  assert.match(first, / WARNING masakarimonitors\.process \[-\] is "x$/);
  assert.equal(second, '    2026-11-23 04:05:06.007 1 ERROR forged" \\x1b[31m\\x9b1m\\x0dover\tthere');
  assert.deepEqual(more, []);
});

test("use_json writes one object a line, with Python's level names and no raw line end", () => {
  const line = jsonFormat("%Y-%m-%d %H:%M:%S")({ ...record, message: "two\nlines" });
  assert.ok(!line.includes("\n"));
  const { message, levelname, levelno, name } = JSON.parse(line);
  assert.deepEqual(
    { message, levelname, levelno, name },
    {
      message: "two\nlines",
      levelname: "WARNING",
      levelno: 30,
      name: "masakarimonitors.process",
    },
  );
});
