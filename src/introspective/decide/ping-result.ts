import { countOf } from "../../system/plural.ts";
import type { Guest } from "../guest.ts";
import type { PingOutcome } from "../observation.ts";
import { type Context, clearFailures, displayName, rediscover, startCall, supersedeReport } from "./context.ts";
import { isSpared, logOccupationEnd, noteOccupation } from "./occupied.ts";
import { dueAfter } from "./schedule.ts";

/** What the end of a ping means for its guest. */
export function endPing(guest: Guest, context: Context, outcome: PingOutcome, detail: string): Guest {
  const { ping } = guest;
  if (!ping) return guest;
  if (outcome === "responded") context.count("agent_ping_duration", {}, context.at.mono - ping.began);
  const isUnclear = outcome === "unknown" || outcome === "denied";
  const ended: Guest = { ...guest, ping: undefined, unclear: isUnclear ? guest.unclear : undefined };
  const next = ping.void ? ended : applyOutcome(ended, context, outcome, detail, ping.began);
  return { ...next, due: dueAfter(next, ping.began, context) };
}

/** @param began when the ping began, mono */
function applyOutcome(guest: Guest, context: Context, outcome: PingOutcome, detail: string, began: number): Guest {
  switch (outcome) {
    case "responded":
      return markHealthy({ ...guest, agent: "connected" }, context, detail);
    case "unresponsive":
      return markUnresponsive({ ...guest, agent: "connected" }, context, detail);
    case "occupied":
      return markUnresponsive(
        noteOccupation({ ...guest, agent: "connected" }, context, detail, began),
        context,
        detail,
      );
    case "disconnected":
      return markDisconnected({ ...guest, agent: "disconnected" }, context, detail);
    case "noChannel":
      return { ...rediscover(guest), agent: "none" };
    case "gone":
      startCall({ kind: "look", uuid: guest.uuid }, context);
      return { ...guest, running: false };
    case "denied":
      return { ...guest, unclear: "libvirt denies commands to its agent" };
    case "unknown": {
      const unclear = "libvirt does not report whether its agent answers";
      if (guest.unclear === undefined) context.log("warning", `${displayName(guest)}: ${unclear}: ${detail}`);
      return { ...guest, suspected: true, unclear };
    }
  }
}

/** @param refusal the agent's response, if it was an error: the agent works all the same */
function markHealthy(guest: Guest, context: Context, refusal: string): Guest {
  const well: Guest = { ...clearFailures(guest), phase: "healthy", suspected: false };
  logOccupationEnd(guest, context);
  switch (guest.phase) {
    case "discovery": {
      const how = refusal === "" ? "answers" : `answers, with an error, which counts as a response (${refusal})`;
      context.log("info", `${displayName(guest)}: its agent ${how}; now monitored`);
      return well;
    }
    case "healthy":
      return well;
    case "error":
      context.log(
        "info",
        `${displayName(guest)}: its agent answers again after ${countOf(guest.failures, "failed ping")}`,
      );
      return well;
    case "reported":
      supersedeReport(guest, context, "answers again");
      context.log("warning", `${displayName(guest)}: its agent answers again after the guest was reported`);
      return { ...well, phase: "discovery" };
  }
}

function markUnresponsive(guest: Guest, context: Context, detail: string): Guest {
  const suspected: Guest = { ...guest, suspected: true };
  if (guest.phase === "discovery" && !guest.suspected && !guest.occupied) {
    const text = "its agent is connected but does not answer; the guest is not monitored until it does";
    context.log("warning", `${displayName(guest)}: ${text}: ${detail}`);
  }
  if (isSpared(suspected, context) || !counts(suspected, context)) return suspected;
  return countFailure({ ...suspected, unresponsive: guest.unresponsive + 1 }, context, detail);
}

/** Nobody in the guest holds the channel open: its agent has ended, or it goes down, or it boots. */
export function markDisconnected(guest: Guest, context: Context, detail: string): Guest {
  const known: Guest = { ...guest, suspected: false, unresponsive: 0, occupied: undefined };
  if (guest.phase !== "healthy" && guest.phase !== "error") return known;
  if (context.settings.agent_disconnected === "ignore") {
    context.log("info", `${displayName(guest)}: its agent closed its channel; not monitored until it answers again`);
    return rediscover(known);
  }
  return counts(known, context) ? countFailure(known, context, detail) : known;
}

/** A failed ping counts once the guest has answered, and once it has had its time to start. */
function counts({ phase, startedAt }: Guest, { at, settings }: Context): boolean {
  if (phase !== "healthy" && phase !== "error") return false;
  return startedAt === undefined || at.mono - startedAt >= settings.minimum_uptime * 1000;
}

function countFailure(guest: Guest, context: Context, detail: string): Guest {
  const { settings } = context;
  const next: Guest = { ...guest, phase: "error", failures: guest.failures + 1 };
  context.log("warning", `${displayName(guest)}: failed ping ${next.failures} in a row: ${detail}`);
  if (isEnough(next, context))
    return settings.compat && guest.alreadyNotified
      ? skipReport(next, context)
      : startExamination(next, context, "verdict");
  return next.failures === 1 && settings.check_io ? startExamination(next, context, "before") : next;
}

/**
 * The threshold is of pings without a response in a row. A closed channel is tolerated for as long as the Python monitor tolerates anything,
 * two pings more: a guest that reboots normally looks like that too.
 */
function isEnough({ failures, unresponsive }: Guest, { settings }: Context): boolean {
  const threshold = settings.guest_monitoring_failure_threshold;
  return failures >= threshold + 2 || (!settings.compat && unresponsive >= Math.max(1, threshold));
}

/** The Python monitor reports a guest once until it is started again. */
function skipReport(guest: Guest, context: Context): Guest {
  context.log("warning", `${displayName(guest)}: was reported since its start, and is not reported again (compat)`);
  return { ...guest, phase: "reported" };
}

function startExamination(guest: Guest, context: Context, purpose: "before" | "verdict"): Guest {
  const { leave_alone_migrating, check_io } = context.settings;
  const job = purpose === "verdict" && leave_alone_migrating;
  startCall({ kind: "examine", uuid: guest.uuid, job, activity: check_io }, context);
  return { ...guest, examination: { void: false, purpose } };
}
