import type { DeliveryResult } from "../../../src/notify/delivery.ts";
import { isAmong, type Notification } from "../../../src/notify/notification.ts";
import type { Contents, StateFile } from "../../../src/notify/state-file.ts";

/** What makes a notification another than the others. */
export function identityOf({ type, hostname, generated_time, payload }: Notification): string {
  return JSON.stringify([generated_time, type, hostname, Object.entries(payload).sort()]);
}

/** What the simulation knows of one notification: the truth that the code is measured by. */
export interface Line {
  readonly subject: string;
  readonly notification: Notification;
  /** When it became durable, monotonic ms. */
  readonly since: number;
  state: "owed" | "superseded" | "dropped" | "settled";
  attempts: number;
  underWay: boolean;
  /** An earlier run has left it. */
  leftover: boolean;
}

/** Every notification that ever became durable, in order, by its identity, and what may still be done with it. */
export class Ledger {
  readonly lines = new Map<string, Line>();
  readonly violations: string[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }
  readonly #now: () => number;

  added(subject: string, notification: Notification): void {
    this.lines.set(identityOf(notification), {
      subject,
      notification,
      since: this.#now(),
      state: "owed",
      attempts: 0,
      underWay: false,
      leftover: false,
    });
  }

  /** @param which of its notifications; all if absent */
  superseded(subject: string, which?: Parameters<typeof isAmong>[1]): void {
    for (const line of this.lines.values()) {
      const isUntrue = line.subject === subject && isAmong(line.notification, which);
      if (isUntrue && line.state === "owed") line.state = "superseded";
    }
  }

  dropped(notification: Notification): void {
    const line = this.lines.get(identityOf(notification));
    if (line?.state === "owed") line.state = "dropped";
  }

  stateOf(notification: Notification): Line["state"] | undefined {
    return this.lines.get(identityOf(notification))?.state;
  }

  /** A new run has read the file: what the last one committed in its last instant shows only now. */
  loaded(contents: Contents, file: StateFile): void {
    const ended = new Map(file.ended().map((entry) => [identityOf(entry.notification), entry.state]));
    for (const entry of contents.entries) {
      if (!this.lines.has(identityOf(entry.notification))) this.added(entry.subject, entry.notification);
    }
    for (const [identity, line] of this.lines) {
      line.underWay = false;
      if (line.state === "owed" && ended.get(identity) === "superseded") line.state = "superseded";
    }
  }

  /** Everything so far is of earlier runs. */
  leave(): void {
    for (const line of this.lines.values()) line.leftover = true;
  }

  /** An attempt begins. @param held what earlier runs left is not to be sent yet */
  attempted(notification: Notification, expiryMs: number, held: boolean): Line | undefined {
    const line = this.lines.get(identityOf(notification));
    if (line === undefined) {
      this.violations.push(`sent before it was durable: ${notification.generated_time}`);
      return undefined;
    }
    const name = `${line.subject} ${notification.generated_time}`;
    if (line.leftover && held) this.violations.push(`sent before the world was looked at: ${name}`);
    if (line.state === "superseded") this.violations.push(`sent after it was superseded: ${name}`);
    if (line.state === "dropped") this.violations.push(`sent after it was dropped: ${name}`);
    if (this.#now() - line.since >= expiryMs) this.violations.push(`sent after it expired: ${name}`);
    for (const other of this.lines.values()) {
      if (other === line) break;
      const before = other.subject === line.subject && this.#now() - other.since < expiryMs;
      if (before && (other.state === "owed" || other.underWay)) this.violations.push(`sent out of order: ${name}`);
    }
    line.attempts += 1;
    line.underWay = true;
    return line;
  }

  responded(notification: Notification, result: DeliveryResult): void {
    const line = this.lines.get(identityOf(notification));
    if (line === undefined) return;
    line.underWay = false;
    if (result.outcome !== "failed") line.state = "settled";
  }
}
