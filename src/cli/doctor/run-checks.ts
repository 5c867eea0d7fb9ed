import { messageOf } from "../../system/message-of.ts";
import type { Check } from "./check.ts";
import type { CheckedFinding, Finding } from "./finding.ts";
import type { Subject } from "./subject.ts";

const LIMIT_MS = 20_000;
/** What a check whose time is over has to return what it has found so far. */
const GRACE_MS = 1000;

export interface Examination {
  /** In the order of the checks. */
  readonly findings: readonly CheckedFinding[];
  /** Some check has not ended: what it waits for may keep the process from ending. */
  readonly isHung: boolean;
}

/** Runs the checks that the subject's monitors need, all at once, each within its own limit. Never throws. */
export async function runChecks(checks: readonly Check[], subject: Subject): Promise<Examination> {
  const needed = checks.filter(({ monitors }) => monitors?.some((name) => subject.monitors.includes(name)) ?? true);
  const done = await Promise.all(needed.map(async (check) => await examine(check, subject)));
  return { findings: done.flatMap(({ findings }) => findings), isHung: done.some(({ isHung }) => isHung) };
}

async function examine(check: Check, subject: Subject): Promise<Examination> {
  const limitMs = check.limitMs?.(subject) ?? LIMIT_MS;
  const ending = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  let timer = subject.clock.setTimer(limitMs, () => {
    timer = subject.clock.setTimer(GRACE_MS, () => resolve(undefined));
    ending.abort(new Error(`no result within ${limitMs / 1000} s`));
  });
  const findings = await Promise.race([attempt(check, subject, ending.signal), late]);
  timer.cancel();
  const named = (findings ?? [unfinished(limitMs)]).map((finding) => ({ check: check.name, ...finding }));
  return { findings: named, isHung: ending.signal.aborted };
}

/** @returns undefined if the check had to be ended and has found nothing */
async function attempt(check: Check, subject: Subject, signal: AbortSignal): Promise<readonly Finding[] | undefined> {
  try {
    return await check.run(subject, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    return [
      {
        level: "problem",
        what: messageOf(error),
        why: UNKNOWN,
        fix: "remove the reason that is given, and run doctor again",
      },
    ];
  }
}

const UNKNOWN = "what this checks is not known to work";

const unfinished = (limitMs: number): Finding => ({
  level: "problem",
  what: `no result within ${limitMs / 1000} s`,
  why: UNKNOWN,
  fix: "find out what hangs: the disk, a name server, libvirt, the cluster or the API; the other checks are complete",
});
