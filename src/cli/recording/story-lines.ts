import { describeNotification } from "../../notify/entry.ts";
import { countOf } from "../../system/plural.ts";
import { describeEffect, describeObservation, describePhase } from "./describe.ts";
import type { StoryEvent } from "./story.ts";

/** Whether more came of it than that the monitor looks again. */
export function isEventful(event: StoryEvent): boolean {
  if (event.kind !== "decided") return true;
  return event.phases.length > 0 || event.effects.some((effect) => isShown(effect));
}

function isShown({ kind, level }: { readonly kind: string; readonly level?: string }): boolean {
  return (
    !["wake", "cancelWake", "count", "ping", "look", "scan", "watch", "unwatch"].includes(kind) && level !== "debug"
  );
}

/** What an event was, for an operator: the first line has its time and program. */
export function linesOf(event: StoryEvent): readonly string[] {
  const { program, at } = event;
  const head = `${new Date(at.wall).toISOString()} ${program}`;
  switch (event.kind) {
    case "started": {
      const what = event.after === "start" ? `starts, version ${event.version}` : "records are missing before this";
      return [`${head} ${what}`];
    }
    case "lost":
      return [`${head} a record is missing here: ${event.error}`];
    case "failed":
      return [`${head} observed ${describeObservation(event.observation)}`, `    not decided: ${event.error}`];
    case "entry":
      return [`${head} ${describeEntry(event.entry)}`];
    case "decided":
      return [
        `${head} observed ${describeObservation(event.observation)}`,
        ...event.phases.map((phase) => `    now ${describePhase(phase)}`),
        ...event.effects.filter((effect) => isShown(effect)).map((effect) => `    ${describeEffect(effect)}`),
      ];
  }
}

function describeEntry({
  id,
  notification,
  state,
  attempts,
  reason,
  notificationUuid,
}: Extract<StoryEvent, { kind: "entry" }>["entry"]): string {
  const what = describeNotification(notification);
  if (state === "pending" && attempts === 0) return `notification ${id} is in the outbox: ${what}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  if (state === "pending") return `notification ${id} is not delivered after ${countOf(attempts, "attempt")}${why}`;
  const uuid = notificationUuid === undefined ? "" : ` as ${notificationUuid}`;
  return `notification ${id} ${state}${uuid} after ${countOf(attempts, "attempt")}${why}`;
}
