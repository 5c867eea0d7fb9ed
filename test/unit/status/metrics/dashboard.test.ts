import assert from "node:assert/strict";
import { test } from "node:test";
import { FAMILIES } from "../../../../src/status/metrics/families.ts";
import { dashboard, type Panel, queries } from "../../../support/dashboard.ts";

/** The names that Prometheus has for each family. */
const known = new Set(
  FAMILIES.flatMap(({ name, type }) => {
    const full = `masakari_monitor_${name}`;
    return type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => `${full}${end}`) : [full];
  }),
);
const named = new Set(queries.flatMap((query) => query.match(/masakari_monitor_\w+/g) ?? []));

test("every metric of the dashboard is one of the list, and every metric of the list is on the dashboard", () => {
  assert.deepEqual(
    [...named].filter((name) => !known.has(name)),
    [],
  );
  const missing = FAMILIES.filter(
    ({ name }) => ![...named].some((one) => one.replace(/_bucket$/, "") === `masakari_monitor_${name}`),
  );
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  );
});

test("rates are of counters and of histograms, and of nothing else", () => {
  for (const query of queries) {
    for (const [, name = ""] of query.matchAll(/(?:rate|increase)\((\w+)/g))
      assert.match(name, /_(total|bucket)$/, query);
    for (const [, name = ""] of query.matchAll(/(?<!rate\(|increase\()(masakari_monitor_\w+)/g)) {
      assert.doesNotMatch(name, /_(total|bucket)$/, query);
    }
  }
});

test("each row is a question, each panel has a title, an explanation and a place of its own", () => {
  const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
  assert.deepEqual(rows, [
    "Would HA act now?",
    "What waits?",
    "What was lost?",
    "Hosts and gates",
    "Guests",
    "Processes",
    "Keystone and Masakari's API",
    "The monitors themselves",
  ]);
  const panels = dashboard.panels.filter(({ type }) => type !== "row");
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  for (const panel of panels) {
    assert.ok(panel.title !== "" && (panel.description ?? "") !== "" && (panel.targets ?? []).length > 0, panel.title);
    assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
    assert.deepEqual(
      panels.filter((other) => other.id > panel.id && overlap(panel, other)).map(({ title }) => title),
      [],
      panel.title,
    );
  }
});

function overlap({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean {
  const apart = (start: number, length: number, otherStart: number, otherLength: number): boolean =>
    start + length <= otherStart || otherStart + otherLength <= start;
  return !apart(one.x, one.w, other.x, other.w) && !apart(one.y, one.h, other.y, other.h);
}
