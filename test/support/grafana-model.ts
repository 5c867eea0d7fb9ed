import {
  array,
  boolean,
  literal,
  maxValue,
  minLength,
  minValue,
  nullable,
  number,
  optional,
  picklist,
  pipe,
  record,
  regex,
  strictObject,
  string,
  union,
  variant,
} from "valibot";

/**
 * Of Grafana 10's dashboard model what this dashboard uses, strictly: a member that is misspelt is refused. After Grafana's
 * `kinds/dashboard/dashboard_kind.cue`, the `panelcfg.cue` of each panel, and `grafana-schema/src/common/mudball.cue`.
 */
const text = pipe(string(), minLength(1));
const count = pipe(number(), minValue(0));
const datasource = strictObject({ type: literal("prometheus"), uid: literal(`\${datasource}`) });
const gridPos = strictObject({
  x: pipe(number(), minValue(0), maxValue(23)),
  y: count,
  w: pipe(number(), minValue(1), maxValue(24)),
  h: pipe(number(), minValue(1)),
});

const target = strictObject({
  refId: pipe(string(), regex(/^[A-Z]$/)),
  datasource,
  editorMode: picklist(["code", "builder"]),
  expr: text,
  legendFormat: string(),
  instant: boolean(),
  range: boolean(),
  format: optional(picklist(["time_series", "table", "heatmap"])),
});

const reducers = array(picklist(["lastNotNull", "last", "max", "min", "mean", "sum", "count", "range"]));
const legend = strictObject({
  displayMode: picklist(["list", "table", "hidden"]),
  placement: picklist(["bottom", "right"]),
  showLegend: boolean(),
  calcs: reducers,
});
const tooltip = strictObject({ mode: picklist(["single", "multi", "none"]), sort: picklist(["asc", "desc", "none"]) });

const mapping = strictObject({
  type: literal("value"),
  options: record(string(), strictObject({ text: optional(text), color: optional(text), index: optional(count) })),
});

/** Ids of `grafana-data/src/valueFormats/categories.ts`. */
const unit = picklist([
  "none",
  "short",
  "s",
  "ms",
  "percent",
  "percentunit",
  "bytes",
  "decbytes",
  "cps",
  "reqps",
  "ops",
]);

const defaults = {
  unit,
  thresholds: strictObject({
    mode: picklist(["absolute", "percentage"]),
    steps: pipe(array(strictObject({ color: text, value: nullable(number()) })), minLength(1)),
  }),
  mappings: array(mapping),
  color: strictObject({ mode: picklist(["thresholds", "palette-classic", "fixed"]) }),
  min: optional(number()),
  max: optional(number()),
  decimals: optional(count),
  noValue: optional(text),
};
const fieldConfig = <Custom extends Parameters<typeof strictObject>[0]>(custom: Custom) =>
  strictObject({ defaults: strictObject({ ...defaults, ...custom }), overrides: array(strictObject({})) });

const panel = {
  id: pipe(number(), minValue(1)),
  title: text,
  description: text,
  datasource,
  targets: pipe(array(target), minLength(1)),
  gridPos,
};

const row = strictObject({
  ...{ id: panel.id, type: literal("row"), title: text, gridPos },
  ...{ collapsed: boolean(), panels: array(strictObject({})) },
});

const stat = strictObject({
  ...panel,
  type: literal("stat"),
  fieldConfig: fieldConfig({}),
  options: strictObject({
    reduceOptions: strictObject({ calcs: reducers, fields: string(), values: boolean() }),
    colorMode: picklist(["value", "background", "background_solid", "none"]),
    graphMode: picklist(["none", "line", "area"]),
    textMode: picklist(["auto", "value", "value_and_name", "name", "none"]),
    justifyMode: picklist(["auto", "center"]),
    orientation: picklist(["auto", "horizontal", "vertical"]),
  }),
});

const percent = pipe(number(), minValue(0), maxValue(100));
const lineWidth = pipe(number(), minValue(0), maxValue(10));
const timeseries = strictObject({
  ...panel,
  type: literal("timeseries"),
  fieldConfig: fieldConfig({
    custom: strictObject({
      drawStyle: picklist(["line", "bars", "points"]),
      lineWidth,
      fillOpacity: percent,
      showPoints: picklist(["auto", "never", "always"]),
      spanNulls: union([boolean(), number()]),
      stacking: strictObject({ mode: picklist(["none", "normal", "percent"]), group: text }),
    }),
  }),
  options: strictObject({ legend, tooltip }),
});

const stateTimeline = strictObject({
  ...panel,
  type: literal("state-timeline"),
  fieldConfig: fieldConfig({ custom: strictObject({ fillOpacity: percent, lineWidth }) }),
  options: strictObject({
    mergeValues: boolean(),
    showValue: picklist(["auto", "never", "always"]),
    alignValue: picklist(["left", "center", "right"]),
    rowHeight: pipe(number(), minValue(0), maxValue(1)),
    legend,
    tooltip,
  }),
});

const flags = record(string(), boolean());
const table = strictObject({
  ...panel,
  type: literal("table"),
  fieldConfig: fieldConfig({}),
  options: strictObject({ showHeader: boolean(), cellHeight: picklist(["sm", "md", "lg"]) }),
  transformations: array(
    strictObject({
      id: literal("organize"),
      options: strictObject({
        excludeByName: flags,
        indexByName: optional(record(string(), count)),
        renameByName: optional(record(string(), text)),
      }),
    }),
  ),
});

const variable = {
  name: pipe(string(), regex(/^\w+$/)),
  label: text,
  hide: picklist([0, 1, 2]),
  includeAll: boolean(),
  multi: boolean(),
  refresh: picklist([0, 1, 2]),
  options: array(strictObject({})),
};
const datasourceVariable = strictObject({
  ...variable,
  type: literal("datasource"),
  query: literal("prometheus"),
  regex: string(),
  current: strictObject({}),
});
const queryVariable = strictObject({
  ...variable,
  type: literal("query"),
  datasource,
  query: strictObject({ query: text, refId: text }),
  definition: text,
  sort: pipe(number(), minValue(0), maxValue(8)),
  allValue: text,
  current: strictObject({ text: array(text), value: array(text) }),
});

export const dashboardModel = strictObject({
  title: text,
  /** 8 to 40 characters. */
  uid: pipe(string(), regex(/^[\w-]{8,40}$/)),
  description: text,
  tags: array(text),
  /** 38 is that of Grafana 10.0, which a later one migrates. */
  schemaVersion: literal(38),
  version: count,
  editable: boolean(),
  graphTooltip: picklist([0, 1, 2]),
  time: strictObject({ from: text, to: text }),
  refresh: pipe(string(), regex(/^\d+[smhd]$/)),
  timezone: picklist(["", "browser", "utc"]),
  links: array(strictObject({})),
  annotations: strictObject({ list: array(strictObject({})) }),
  templating: strictObject({ list: array(variant("type", [datasourceVariable, queryVariable])) }),
  panels: array(variant("type", [row, stat, timeseries, stateTimeline, table])),
});
