import type { DiskCalls } from "../system/disk/calls.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import type { PlainError } from "../system/disk/protocol.ts";
import { lockFile, lockState, refuseIfHeld, StateInUseError, type StateLock, unlocked } from "./state-lock.ts";

const held = new Map<string, StateLock>();

/** The operations on locks, for whichever thread runs them. */
export const lockOperations = {
  /** @returns as `StateLock.problem` @throws StateInUseError */
  takeLock(statePath: string, program: string): string | undefined {
    const path = lockFile(statePath, program);
    const before = held.get(path);
    // The thread may have got it after its caller gave up waiting.
    if (before?.isInPlace()) return before.problem;
    before?.release();
    held.delete(path);
    const lock = lockState(statePath, program);
    held.set(path, lock);
    return lock.problem;
  },
  lockIsInPlace: (path: string) => held.get(path)?.isInPlace() === true,
  releaseLock(path: string): void {
    held.get(path)?.release();
    held.delete(path);
  },
  refuseIfHeld,
};

/** As `lockState`, by way of `disk`; one that hangs cannot be locked, and is no reason not to start. */
export function lockStateOn(disk: DiskCalls<typeof lockOperations>) {
  return (statePath: string, program: string): StateLock => {
    const path = lockFile(statePath, program);
    let problem: string | undefined;
    try {
      problem = disk.call("takeLock", statePath, program);
    } catch (error) {
      if (!(error instanceof DiskHungError)) throw error;
      return unlocked(path, program, error);
    }
    return {
      problem,
      isInPlace: () => unlessHung(() => disk.call("lockIsInPlace", path), true),
      release: () => unlessHung(() => disk.call("releaseLock", path), undefined),
    };
  };
}

function unlessHung<Value>(ask: () => Value, otherwise: Value): Value {
  try {
    return ask();
  } catch (error) {
    if (error instanceof DiskHungError) return otherwise;
    throw error;
  }
}

export const reviveLockError = ({ code, message }: PlainError): Error | undefined =>
  code === "STATE_IN_USE" ? new StateInUseError(message) : undefined;
