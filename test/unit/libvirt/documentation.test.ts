import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as errors from "../../../src/libvirt/errors.ts";

const page = readFileSync(new URL("../../../docs/libvirt.md", import.meta.url), "utf8");

test("the table of errors has every class with its code", () => {
  const classes = Object.values(errors as Record<string, unknown>).filter(
    (value) => typeof value === "function" && value.prototype instanceof errors.LibvirtError,
  ) as (new (
    ...args: unknown[]
  ) => errors.LibvirtError)[];
  assert.ok(classes.length >= 8);
  for (const kind of classes) {
    const { name, code } = new kind("call", 1, 1, "text");
    assert.ok(page.includes(`| \`${name}\` | \`${code}\` |`), `${name} ${code}`);
  }
});

test("the table of libvirt's own errors has every name with its number", () => {
  const rows = [...page.matchAll(/^\| ((?:`[A-Z_]+`(?:, )?)+) \| ([\d, ]+) \|/gm)];
  const documented = rows.flatMap(([, names = "", numbers = ""]) => {
    const all = names.split(", ").map((name) => name.replaceAll("`", ""));
    return numbers.split(", ").map((number, at) => `${number} ${all[at]}`);
  });
  const known = Array.from({ length: 200 }, (_, number) => new errors.ServerError("call", number, 0, "text"))
    .filter(({ errorName }) => errorName !== "UNKNOWN")
    .map(({ number, errorName }) => `${number} ${errorName}`);
  assert.deepEqual(new Set(documented), new Set(known));
});
