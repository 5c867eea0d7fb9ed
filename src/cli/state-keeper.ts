import { type lockState, StateInUseError, type StateLock } from "../notify/state-lock.ts";
import type { HealthSocket } from "../status/health-socket.ts";
import type { Clock } from "../system/clock.ts";
import { Guard } from "../system/guard.ts";
import type { Logger } from "../system/log.ts";

/** What one monitor has in the state directory. */
export interface MonitorState {
  readonly name: string;
  readonly lock: HeldLock;
  readonly socket: HealthSocket;
  /** Puts the database back if it is not in its place. @returns whether that was done since it was last asked */
  readonly databaseRenewed: () => boolean;
}

interface KeepStateParts {
  readonly monitors: readonly MonitorState[];
  readonly statePath: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly diskResponds: () => Promise<boolean>;
}

/** With the 1.5 s that an operation on the disk may take, a hang is noticed within 5 s. */
const LOOK_EVERY_MS = 3000;

/** A lock that is taken again when its file was deleted, or could not be locked before. */
export class HeldLock {
  readonly #statePath: string;
  readonly #program: string;
  readonly #take: typeof lockState;
  #lock: StateLock;
  #complaint: string | undefined;

  /** @param take `lockState`, on whichever thread @throws StateInUseError */
  constructor(statePath: string, program: string, take: typeof lockState) {
    this.#statePath = statePath;
    this.#program = program;
    this.#take = take;
    this.#lock = take(statePath, program);
  }

  get problem(): string | undefined {
    return this.#lock.problem;
  }

  /** @returns whether it was locked before, had gone, and is locked again */
  renew(log: Logger): boolean {
    if (this.#lock.isInPlace()) return false;
    const { problem } = this.#lock;
    this.#lock.release();
    try {
      this.#lock = this.#take(this.#statePath, this.#program);
      this.#complaint = undefined;
      return problem === undefined && this.#lock.problem === undefined;
    } catch (error) {
      if (!(error instanceof StateInUseError)) throw error;
      if (error.message !== this.#complaint) log.critical(error.message);
      this.#complaint = error.message;
      return false;
    }
  }

  release(): void {
    this.#lock.release();
  }
}

/**
 * Notices a disk that hangs before anything is to be written to it. Puts back what was deleted of the state directory under the running monitors, and logs that in one line: without its lock a
 * second program would start on the same state, without its socket `status` would take the monitor for stopped.
 */
export async function keepState(parts: KeepStateParts, signal: AbortSignal): Promise<void> {
  const { clock, log } = parts;
  const guard = new Guard("looking after the files in the state directory", log);
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    if (!signal.aborted) await guard.run(() => lookAfter(parts));
  }
}

async function lookAfter({ monitors, statePath, log, diskResponds }: KeepStateParts): Promise<void> {
  const responds = await diskResponds();
  const renewed: string[] = [];
  let isLogged = false;
  for (const { name, lock, socket, databaseRenewed } of monitors) {
    // Of a database that was deleted the store has logged it, and that the rest follows.
    isLogged = databaseRenewed() || isLogged;
    if (!responds) continue;
    if (lock.renew(log)) renewed.push(`the lock of ${name}`);
    if (await socket.renew()) renewed.push(`the health socket of ${name}`);
  }
  if (renewed.length === 0 || isLogged) return;
  log.warning(
    `Files in ${statePath} were moved or deleted while they were in use; recreated: ${renewed.join(", ")}. Stop the ` +
      "monitors before you delete or replace their files",
  );
}
