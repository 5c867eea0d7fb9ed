import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, type InferOutput, safeParse } from "valibot";
import { dashboard } from "../../../support/dashboard.ts";
import { dashboardModel } from "../../../support/grafana-model.ts";

type Model = InferOutput<typeof dashboardModel>;
type Shown = Exclude<Model["panels"][number], { readonly type: "row" }>;

const read = safeParse(dashboardModel, dashboard);
const panels = (): readonly Shown[] => {
  assert.ok(read.success);
  return read.output.panels.flatMap((panel) => (panel.type === "row" ? [] : [panel]));
};

test("the dashboard is of Grafana's model, without a member that it does not have", () => {
  assert.ok(read.success, JSON.stringify(read.issues && flatten(read.issues), undefined, 2));
  const misspelt = { ...read.output, panels: [{ ...read.output.panels[1], desciption: "x" }] };
  assert.equal(safeParse(dashboardModel, misspelt).success, false);
});

test("the data source is a variable of the dashboard, as are all others that queries name", () => {
  const { list } = dashboard.templating;
  const [first] = list;
  assert.equal(first?.name, "datasource");
  const known = new Set([...list.map(({ name }) => name), "__rate_interval", "__range"]);
  for (const { title, targets } of panels()) {
    for (const { expr } of targets) {
      for (const [, name = ""] of expr.matchAll(/\$\{?(\w+)/g)) assert.ok(known.has(name), `${title}: ${name}`);
    }
  }
});

test("thresholds begin at minus infinity and ascend; colours by thresholds are distinguishable", () => {
  for (const { title, fieldConfig } of panels()) {
    const [base, ...steps] = fieldConfig.defaults.thresholds.steps;
    assert.equal(base?.value, null, title);
    const values = steps.map(({ value }) => value ?? Number.NaN);
    assert.ok(
      values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0)),
      title,
    );
    const colors = [base, ...steps].map((step) => step?.color);
    assert.ok(
      colors.every((color, index) => index === 0 || color !== colors[index - 1]),
      title,
    );
  }
});

test("each panel asks as its kind shows: a point in time, or a range; each query has a letter of its own", () => {
  for (const { title, type, targets } of panels()) {
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    for (const { instant, range, format } of targets) {
      assert.notEqual(instant, range, title);
      if (type === "table") assert.deepEqual([instant, format], [true, "table"], title);
      if (type === "timeseries" || type === "state-timeline") assert.equal(range, true, title);
    }
  }
});

test("what is in seconds has the unit of seconds, and a rate has that of a rate", () => {
  for (const { title, targets, fieldConfig } of panels()) {
    const { unit } = fieldConfig.defaults;
    for (const { expr } of targets) {
      const isRate = /^\s*(?:sum[^(]*\()?rate\(/.test(expr) || /\bsum by [^)]*\) \(rate\(/.test(expr);
      const isQuantile = expr.includes("histogram_quantile");
      const isAge = /^time\(\)/.test(expr) || /_seconds\{[^}]*\}$/.test(expr);
      if (isQuantile || isAge) assert.equal(unit, "s", `${title}: ${expr}`);
      else if (isRate) assert.match(unit, /^(cps|reqps|ops)$/, `${title}: ${expr}`);
      else assert.notEqual(unit, "reqps", `${title}: ${expr}`);
    }
  }
});

test("no panel lies on another, nor on a row; rows go down the page", () => {
  assert.ok(read.success);
  const all = read.output.panels;
  for (const [index, { title, gridPos: one }] of all.entries()) {
    assert.ok(one.x + one.w <= 24, title);
    for (const { title: below, gridPos: other } of all.slice(index + 1)) {
      const isApart =
        one.x + one.w <= other.x ||
        other.x + other.w <= one.x ||
        one.y + one.h <= other.y ||
        other.y + other.h <= one.y;
      assert.ok(isApart, `${title}, ${below}`);
    }
  }
  const rows = all.filter(({ type }) => type === "row");
  for (const [index, { title, gridPos }] of rows.entries()) {
    const next = rows[index + 1]?.gridPos.y ?? Number.POSITIVE_INFINITY;
    const at = all.indexOf(rows[index] as Model["panels"][number]);
    const until = rows[index + 1] === undefined ? all.length : all.indexOf(rows[index + 1] as Model["panels"][number]);
    for (const inside of all.slice(at + 1, until)) {
      assert.ok(inside.gridPos.y > gridPos.y && inside.gridPos.y < next, `${inside.title} is not below ${title}`);
    }
  }
});
