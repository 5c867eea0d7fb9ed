import { visitStateFile } from "../../src/notify/state-file.ts";
import { type ApiModel, DUPLICATE_MS, wallOf } from "../support/harness/api-model.ts";
import { identityOf, type Ledger } from "../support/harness/ledger.ts";
import type { FlappingProcesses } from "./flapping-processes.ts";

export interface Judged {
  readonly ledger: Ledger;
  readonly api: ApiModel;
  readonly processes: FlappingProcesses;
  readonly stateFile: string;
  readonly expiryMs: number;
  /** When all was well again, mono ms. */
  readonly now: number;
}

/** What is wrong with what a schedule came to. @returns the violations, and how many notifications have expired */
export function judge(judged: Judged): { readonly violations: readonly string[]; readonly expired: number } {
  const violations: string[] = [];
  let expired = 0;
  for (const name of judged.processes.names) {
    const fate = judged.processes.isUp(name) ? "arrived" : fateOf(name, judged);
    if (fate === "expired") expired += 1;
    else if (fate !== "arrived") violations.push(fate);
    violations.push(...repeatsOf(name, judged));
  }
  return { violations: [...violations, ...missingOnDisk(judged)], expired };
}

/** It is down: the API has stored that, or has itself called it a repeat of what it had; only an operator or time may end it else. */
function fateOf(name: string, { ledger, api, expiryMs, now }: Judged): string {
  const last = [...ledger.lines.values()].findLast((line) => line.subject === name);
  if (last === undefined) return `never owed: ${name} is down`;
  if (last.state === "dropped") return "arrived";
  const time = wallOf(last.notification.generated_time);
  const arrived = api.stored.some(
    (stored) => stored.subject === name && wallOf(stored.notification.generated_time) >= time - DUPLICATE_MS,
  );
  if (arrived) return "arrived";
  if (now - last.since >= expiryMs) return "expired";
  return `lost: ${name} ${last.notification.generated_time} (${last.state})`;
}

/**
 * Between two failures that the API has stored, the process was up: no failure is stored twice. The order is judged when they
 * are sent: an API that is too late, and knows no repeat because the clock was set back, stores a request that was given up
 * after a newer one.
 */
function repeatsOf(name: string, { ledger, api, processes }: Judged): readonly string[] {
  const seen = api.stored
    .filter((stored) => stored.subject === name)
    .map((stored) => ledger.lines.get(identityOf(stored.notification))?.since ?? Number.NaN)
    .sort((one, other) => one - other);
  return seen.flatMap((since, index) => {
    if (Number.isNaN(since)) return [`stored, but never owed: ${name}`];
    const before = seen[index - 1];
    if (before === undefined) return [];
    const twice = since === before ? [`stored twice: ${name}`] : [];
    const wasUp = processes.wasUpBetween(name, before, since);
    return wasUp ? twice : [...twice, `second notification for one failure: ${name}`];
  });
}

/** Nothing that was owed is missing on disk, or still pending there. */
function missingOnDisk({ ledger, stateFile }: Judged): readonly string[] {
  const file = visitStateFile(stateFile);
  const ended = new Set(file.ended().map((entry) => identityOf(entry.notification)));
  file.close();
  return [...ledger.lines.keys()].filter((one) => !ended.has(one)).map((one) => `no final state on disk: ${one}`);
}
