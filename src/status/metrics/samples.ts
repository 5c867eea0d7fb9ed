import type { Instant } from "../../system/clock.ts";
import type { HistogramCounts } from "../../system/histogram.ts";
import type { Armed } from "../armed.ts";
import type { Facts } from "../facts.ts";
import type { Identity } from "../report.ts";
import type { WatchedSubject } from "../subject.ts";

/** What the metrics of one monitor are made of. */
export interface MetricSource {
  readonly identity: Pick<Identity, "program" | "version" | "started">;
  /** What its notifications are about: `VM`. */
  readonly type: string;
  readonly facts: Facts;
  readonly armed: Armed;
  /** Names in the configuration in force that do not exist. */
  readonly unknownOptions: number;
  readonly now: Instant;
}

export type Labels = Readonly<Record<string, string>>;
export interface Sample {
  readonly labels?: Labels;
  readonly value: number | HistogramCounts;
}

export const one = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [{ value }]);
export const flag = (value: boolean): number => (value ? 1 : 0);

export function time({ now }: MetricSource, mono: number | undefined): number | undefined {
  return mono === undefined ? undefined : (now.wall - (now.mono - mono)) / 1000;
}

export function states(all: readonly string[], current: string): readonly Sample[] {
  return all.map((state) => ({ labels: { state }, value: flag(state === current) }));
}

/** Absent where the condition is not known. */
export function ofCondition(
  { conditions }: Facts,
  name: string,
  value: (hasProblem: boolean) => number,
): readonly Sample[] {
  const condition = conditions.get(name);
  return condition === undefined ? [] : [{ value: value(condition.problem !== undefined) }];
}

export const ofKind = ({ subjects = [] }: Facts, kind: string): readonly WatchedSubject[] =>
  subjects.filter((subject) => subject.kind === kind);

export function byPhase(facts: Facts, kind: string): readonly Sample[] {
  return counted(
    "state",
    ofKind(facts, kind).map(({ phase }) => stateOf(phase)),
  );
}

/** A phase begins with one of a few states; what explains it follows. */
export const stateOf = (phase: string): string => phase.split(/[,;:(]/, 1)[0]?.trim() ?? "";

export function counted(label: string, values: readonly string[]): readonly Sample[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }));
}
