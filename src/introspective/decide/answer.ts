import type { Guest } from "../guest.ts";
import type { PingOutcome } from "../observation.ts";
import { isSpared, occupationEnded, occupiedAgain } from "./occupied.ts";
import { dueAfter } from "./schedule.ts";
import { called, cleared, rediscovered, say, type Turn, takeBack } from "./turn.ts";

/** What the end of a ping means for its guest. */
export function pinged(guest: Guest, turn: Turn, outcome: PingOutcome, detail: string): Guest {
  const { ping } = guest;
  if (!ping) return guest;
  const isUnclear = outcome === "unknown" || outcome === "denied";
  const ended: Guest = { ...guest, ping: undefined, unclear: isUnclear ? guest.unclear : undefined };
  const next = ping.void ? ended : judged(ended, turn, outcome, detail, ping.began);
  return { ...next, due: dueAfter(next, ping.began, turn) };
}

/** @param began when the ping began, mono */
function judged(guest: Guest, turn: Turn, outcome: PingOutcome, detail: string, began: number): Guest {
  switch (outcome) {
    case "answered":
      return answered({ ...guest, agent: "connected" }, turn, detail);
    case "silent":
      return silent({ ...guest, agent: "connected" }, turn, detail);
    case "occupied":
      return silent(occupiedAgain({ ...guest, agent: "connected" }, turn, detail, began), turn, detail);
    case "disconnected":
      return disconnected({ ...guest, agent: "disconnected" }, turn, detail);
    case "noChannel":
      return { ...rediscovered(guest), agent: "none" };
    case "gone":
      turn.effects.push({ kind: "look", uuid: guest.uuid });
      return { ...guest, running: false };
    case "denied":
      return { ...guest, unclear: "libvirt denies commands to its agent" };
    case "unknown": {
      const unclear = "libvirt does not say whether its agent answers";
      if (guest.unclear === undefined) say(turn, "warning", `${called(guest)}: ${unclear}: ${detail}`);
      return { ...guest, suspected: true, unclear };
    }
  }
}

/** @param refusal what the agent has answered, if it was an error: it is alive all the same */
function answered(guest: Guest, turn: Turn, refusal: string): Guest {
  const well: Guest = { ...cleared(guest), phase: "healthy", suspected: false };
  occupationEnded(guest, turn);
  switch (guest.phase) {
    case "discovery": {
      const how = refusal === "" ? "answers" : `answers, though with an error, which counts as well (${refusal})`;
      say(turn, "info", `${called(guest)}: its agent ${how}; from now on its silence counts`);
      return well;
    }
    case "healthy":
      return well;
    case "error":
      say(turn, "info", `${called(guest)}: its agent answers again after ${timesOf(guest.failures)}`);
      return well;
    case "reported":
      takeBack(guest, turn, "answers again");
      say(turn, "warning", `${called(guest)}: its agent answers again after it had been given up`);
      return { ...well, phase: "discovery" };
  }
}

function silent(guest: Guest, turn: Turn, detail: string): Guest {
  const suspected: Guest = { ...guest, suspected: true };
  if (guest.phase === "discovery" && !guest.suspected && !guest.occupied) {
    const text = "its agent is connected and does not answer, so that the guest is not watched until it does";
    say(turn, "warning", `${called(guest)}: ${text}: ${detail}`);
  }
  if (isSpared(suspected, turn) || !counts(suspected, turn)) return suspected;
  return failed({ ...suspected, silent: guest.silent + 1 }, turn, detail);
}

/** Nobody in the guest holds the channel open: its agent has ended, or it goes down, or it boots. */
export function disconnected(guest: Guest, turn: Turn, detail: string): Guest {
  const known: Guest = { ...guest, suspected: false, silent: 0, occupied: undefined };
  if (guest.phase !== "healthy" && guest.phase !== "error") return known;
  if (turn.settings.agent_disconnected === "ignore") {
    say(turn, "info", `${called(guest)}: its agent has closed its channel; it is not watched until it answers again`);
    return rediscovered(known);
  }
  return counts(known, turn) ? failed(known, turn, detail) : known;
}

/** Silence means something once the guest has answered, and once it has had its time to start. */
function counts({ phase, startedAt }: Guest, { at, settings }: Turn): boolean {
  if (phase !== "healthy" && phase !== "error") return false;
  return startedAt === undefined || at.mono - startedAt >= settings.minimum_uptime * 1000;
}

function failed(guest: Guest, turn: Turn, detail: string): Guest {
  const { settings } = turn;
  const next: Guest = { ...guest, phase: "error", failures: guest.failures + 1 };
  say(turn, "warning", `${called(guest)}: failed ping ${next.failures} in a row: ${detail}`);
  if (isEnough(next, turn))
    return settings.compat && guest.told ? skipped(next, turn) : examined(next, turn, "verdict");
  return next.failures === 1 && settings.check_io ? examined(next, turn, "before") : next;
}

/**
 * The threshold is of silent pings in a row. A closed channel is borne for as long as the Python monitor bears anything, two
 * pings more: a guest that reboots in order looks like that too.
 */
function isEnough({ failures, silent }: Guest, { settings }: Turn): boolean {
  const threshold = settings.guest_monitoring_failure_threshold;
  return failures >= threshold + 2 || (!settings.compat && silent >= Math.max(1, threshold));
}

/** The Python monitor reports a guest once until it is started again. */
function skipped(guest: Guest, turn: Turn): Guest {
  say(turn, "warning", `${called(guest)}: has been reported since it was started, and is not reported again (compat)`);
  return { ...guest, phase: "reported" };
}

function examined(guest: Guest, turn: Turn, purpose: "before" | "verdict"): Guest {
  const { leave_alone_migrating, check_io } = turn.settings;
  const run = turn.nextRun();
  const job = purpose === "verdict" && leave_alone_migrating;
  turn.effects.push({ kind: "examine", uuid: guest.uuid, run, job, activity: check_io });
  return { ...guest, examination: { run, void: false, purpose } };
}

function timesOf(failures: number): string {
  return failures === 1 ? "1 failed ping" : `${failures} failed pings`;
}
