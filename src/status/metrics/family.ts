import type { MetricSource, Sample } from "./samples.ts";

export interface Family {
  /** Without `masakari_monitor_`. */
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  /** Of one monitor; none where it has no such thing. */
  samples(source: MetricSource): readonly Sample[];
}
