import { EventEmitter } from "node:events";

/**
 * Whose line it is: the person or script at the sandbox, one of the monitor's rooms, the API; or, simulated, the cluster or the host
 * of a host monitor.
 */
export type Speaker = "you" | "monitor" | "outbox" | "keystone" | "masakari" | "sandbox" | `sim:${string}`;

export interface Moment {
  /** ms since the Unix epoch. */
  readonly at: number;
  readonly speaker: Speaker;
  readonly text: string;
}

const paint: Readonly<Record<string, number>> = {
  you: 35,
  monitor: 33,
  outbox: 36,
  keystone: 90,
  masakari: 32,
  sandbox: 1,
};
const SIMULATED = 34;

/** A line waits so long for others that happened before it and come later: by a pipe from the monitor, or after a response. */
const HELD_BACK_MS = 250;

/** The sandbox's screen: every line with its time and how long it came after the last thing that was done to the host. */
export class Timeline {
  readonly #out: NodeJS.WritableStream & { isTTY?: boolean };
  readonly #moments = new EventEmitter<{ moment: [Moment] }>();
  /** What is not on the screen yet; `at` in ms since the Unix epoch. */
  #waiting: { readonly at: number; readonly line: string }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #factAt: number | undefined;

  constructor(out: NodeJS.WritableStream & { isTTY?: boolean }) {
    this.#out = out;
    this.#moments.setMaxListeners(0);
  }

  /** What later lines are timed against: a kill, a stop, a start. */
  fact(text: string): void {
    this.#factAt = Date.now();
    this.add("you", text, this.#factAt);
  }

  add(speaker: Speaker, text: string, at = Date.now()): void {
    const time = new Date(at).toLocaleTimeString("sv-SE", { hour12: false });
    const ms = String((at % 1000) | 0).padStart(3, "0");
    const sinceFact = this.#factAt === undefined ? -1 : Math.round(at - this.#factAt);
    const after = sinceFact < 0 ? "" : `+${sinceFact} ms`;
    const who = speaker.padEnd(11);
    const shown = this.#out.isTTY === true ? `\u001b[${paint[speaker] ?? SIMULATED}m${who}\u001b[0m` : who;
    this.#show(at, `${time}.${ms} ${after.padStart(11)}  ${shown}  ${text}\n`);
    this.#moments.emit("moment", { at, speaker, text });
  }

  /** A line outside the table. */
  print(text = ""): void {
    this.#show(Date.now(), `${text}\n`);
  }

  /** Writes what is held back, and returns when all of it is written or cannot be. */
  async flush(): Promise<void> {
    this.#write(Number.POSITIVE_INFINITY);
    await new Promise<void>((resolve) => this.#out.write("", () => resolve()));
  }

  #show(at: number, line: string): void {
    this.#waiting.push({ at, line });
    this.#timer ??= setTimeout(() => this.#write(Date.now() - HELD_BACK_MS), HELD_BACK_MS);
  }

  /** Writes the lines up to this time in the order of their times; those of one time in the order they came. */
  #write(until: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.sort((one, other) => one.at - other.at);
    const later = this.#waiting.findIndex(({ at }) => at > until);
    const due = this.#waiting.splice(0, later < 0 ? this.#waiting.length : later);
    if (due.length > 0) this.#out.write(due.map(({ line }) => line).join(""));
    const [next] = this.#waiting;
    if (next) {
      this.#timer = setTimeout(
        () => this.#write(Date.now() - HELD_BACK_MS),
        Math.max(1, next.at + HELD_BACK_MS - Date.now()),
      );
    }
  }

  /** The first moment from now on that is meant. @throws an Error that `what` did not happen, after `withinMs` */
  async next(what: string, meant: (moment: Moment) => boolean, withinMs: number, signal: AbortSignal): Promise<Moment> {
    return await new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        this.#moments.off("moment", check);
      };
      const check = (moment: Moment): void => {
        if (!meant(moment)) return;
        end();
        resolve(moment);
      };
      const aborted = (): void => {
        end();
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${what}: not within ${withinMs / 1000} s`));
      }, withinMs);
      signal.addEventListener("abort", aborted, { once: true });
      this.#moments.on("moment", check);
    });
  }
}
