import type { HistogramCounts } from "../../system/histogram.ts";
import { FAMILIES } from "./families.ts";
import type { Labels, MetricSource } from "./samples.ts";

const PREFIX = "masakari_monitor_";
/** Characters. A process may have any name. */
const LABEL_LENGTH = 200;

/** The metrics of these monitors in Prometheus' text format. Pure. */
export function exposition(sources: readonly MetricSource[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of FAMILIES) {
    const family = `${PREFIX}${name}`;
    const values = sources.flatMap((source) =>
      samples(source).flatMap(({ labels, value }) =>
        sampleLines(family, { monitor: source.identity.program, ...labels }, value),
      ),
    );
    // Names that are equal once they are cut would be one series twice, for which Prometheus refuses everything.
    if (values.length > 0)
      lines.push(`# HELP ${family} ${help}`, `# TYPE ${family} ${type}`, ...withoutRepetition(values));
  }
  return lines.map((line) => `${line}\n`).join("");
}

function withoutRepetition(lines: readonly string[]): Iterable<string> {
  const bySeries = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), line]));
  return bySeries.values();
}

function sampleLines(family: string, labels: Labels, value: number | HistogramCounts): readonly string[] {
  if (typeof value === "number") return [`${family}${braces(labels)} ${value}`];
  const { buckets, count, sumSeconds } = value;
  return [
    ...buckets.map(([bound, atMost]) => `${family}_bucket${braces({ ...labels, le: String(bound) })} ${atMost}`),
    `${family}_bucket${braces({ ...labels, le: "+Inf" })} ${count}`,
    `${family}_sum${braces(labels)} ${sumSeconds}`,
    `${family}_count${braces(labels)} ${count}`,
  ];
}

function braces(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value.slice(0, LABEL_LENGTH))}"`);
  return `{${parts.join(",")}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

const escaped = (value: string): string => value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character);
