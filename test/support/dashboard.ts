import { readFileSync } from "node:fs";

/** A panel of Grafana's dashboard model, as far as it is read. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat?: string }[];
}

const file = new URL("../../packaging/grafana/masakari-monitors.json", import.meta.url);

export const dashboard = JSON.parse(readFileSync(file, "utf8")) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};

/** What Grafana puts in place of its variables. */
const VALUES: Readonly<Record<string, string>> = {
  $instance: ".*",
  $monitor: ".*",
  $__rate_interval: "1m",
  $__range: "6h",
};

/** Every query as Prometheus gets it, with the labels that its legend names. @throws if there is another variable in one */
export const labelledQueries: readonly { readonly query: string; readonly labels: readonly string[] }[] =
  dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat = "" }) => {
      const query = expr.replaceAll(/\$\w+/g, (name) => VALUES[name] ?? name);
      if (query.includes("$")) throw new Error(`${title}: an unknown variable in ${expr}`);
      return { query, labels: [...legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = ""]) => label) };
    }),
  );

export const queries: readonly string[] = labelledQueries.map(({ query }) => query);
