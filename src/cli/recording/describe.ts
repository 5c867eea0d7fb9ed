import type { CommonEffect, OwnEffect } from "../../monitor/contract.ts";
import type { PhaseChange } from "../../monitor/recording/record.ts";
import type { Outcome } from "../../monitor/recording/replay.ts";
import { describeNotification } from "../../notify/entry.ts";

/** Of one value in a line. Characters. */
const LONGEST = 300;

/** `exited: process={"pid":12,"startTime":34} keys=["nova-compute"]` */
export function describeObservation(observation: unknown): string {
  const { kind, at: _at, ...rest } = (observation ?? {}) as { readonly kind?: unknown; readonly at?: unknown };
  return `${String(kind)}${membersOf(rest, ":")}`;
}

/** One line. */
export function describeEffect(effect: CommonEffect | OwnEffect): string {
  const common = effect as CommonEffect;
  switch (common.kind) {
    case "notify":
      return `notify Masakari: ${describeNotification(common.notification)}`;
    case "supersede":
      return `supersede what is undelivered about ${common.subject}: ${common.reason}`;
    case "log":
      return `log (${common.level}): ${common.text}`;
    case "setCondition":
      return `condition ${common.condition.name}: ${common.problem ?? "no problem"}`;
    case "wake":
      return `look again in ${common.afterMs / 1000} s (${common.key})`;
    case "caughtUp":
      return "what earlier runs left may be sent";
    default: {
      const { kind, ...rest } = effect;
      return `${kind}${membersOf(rest, "")}`;
    }
  }
}

export function describePhase([key, name, phase]: PhaseChange): string {
  return `${name}${key === name ? "" : ` (${key})`}: ${phase ?? "no longer watched"}`;
}

/** Everything that it consists of, a line for each. */
export function describeOutcome({ effects, phases, error }: Outcome): readonly string[] {
  if (error !== undefined) return [`the decision failed: ${error}`];
  return [...phases.map(describePhase), ...effects.map(describeEffect)];
}

function membersOf(members: object, separator: string): string {
  const shown = Object.entries(members).filter(([, value]) => value !== undefined);
  if (shown.length === 0) return "";
  return `${separator} ${shown.map(([name, value]) => `${name}=${cut(typeof value === "string" ? value : JSON.stringify(value))}`).join(" ")}`;
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
