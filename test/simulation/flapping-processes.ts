import type { Clock } from "../../src/system/clock.ts";
import type { Seeded } from "../support/seeded.ts";
import type { ProcessWorld, Seen } from "./flapping-monitor.ts";

/** How long what earlier runs left waits for a look that does not come: `CATCH_UP_MS` of monitor/run.ts. */
export const HELD_MS = 60_000;

export interface FlappingParts {
  readonly clock: Clock;
  readonly random: Seeded;
  /** The monitor has seen that it is up. */
  readonly seenUp: (name: string) => void;
  readonly monitorRuns: () => boolean;
  readonly note: (what: string) => void;
}

/** Processes that end and begin, when each of them was up, and what the monitor has seen of that. */
export class FlappingProcesses implements ProcessWorld {
  /** In this run of the monitor all of them were looked at. */
  looked = false;
  /** How many runs looked only when nobody waited for it any more. */
  tooLate = 0;
  readonly #parts: FlappingParts;
  readonly #up = new Map<string, boolean>();
  /** When each process was up, as [from, to) in monotonic ms. */
  readonly #upTimes = new Map<string, [number, number][]>();
  readonly #watchers = new Set<(seen: Seen) => void>();

  constructor(parts: FlappingParts, count: number) {
    this.#parts = parts;
    for (let index = count; index > 0; index -= 1) this.#begin(`process-${index}`);
  }

  #begin(name: string): void {
    const { clock, random } = this.#parts;
    const up = random.chance(0.8);
    this.#up.set(name, up);
    this.#upTimes.set(name, up ? [[clock.now().mono, Number.POSITIVE_INFINITY]] : []);
  }

  get names(): readonly string[] {
    return [...this.#up.keys()];
  }

  isUp(name: string): boolean {
    return this.#up.get(name) ?? false;
  }

  /** Whether it was up at some time between these two, mono ms. */
  wasUpBetween(name: string, before: number, after: number): boolean {
    return (this.#upTimes.get(name) ?? []).some(([from, to]) => from < after && to > before);
  }

  /** It ends, or begins. */
  flap(name: string): void {
    const { clock, note } = this.#parts;
    const up = !this.#up.get(name);
    const { mono } = clock.now();
    this.#up.set(name, up);
    const times = this.#upTimes.get(name) ?? [];
    const last = times.at(-1);
    if (up) times.push([mono, Number.POSITIVE_INFINITY]);
    else if (last !== undefined) last[1] = mono;
    note(`${name} is ${up ? "up" : "down"}`);
    for (const watcher of this.#watchers) watcher({ name, up, at: clock.now() });
    if (up && this.#watchers.size > 0 && this.#parts.monitorRuns()) this.#parts.seenUp(name);
  }

  /** The first look of a run: at once, soon, or (libvirt is away, for example) only when nobody waits for it any more. */
  async opened(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    const kind = random.next();
    const delay = kind < 0.4 ? 0 : kind < 0.8 ? random.between(1, 15_000) : random.between(1, 3 * HELD_MS);
    if (delay === 0) return;
    await clock.sleep(delay, signal);
    if (delay >= HELD_MS) this.tooLate += 1;
  }

  *look(): Iterable<Seen> {
    const { clock, note, monitorRuns, seenUp } = this.#parts;
    note("the monitor looks");
    for (const [name, up] of this.#up) {
      yield { name, up, at: clock.now() };
      if (!monitorRuns()) return;
      if (up) seenUp(name);
    }
    this.looked = true;
  }

  watch(changed: (seen: Seen) => void, signal: AbortSignal): void {
    this.#watchers.add(changed);
    signal.addEventListener("abort", () => this.#watchers.delete(changed), { once: true });
  }
}
