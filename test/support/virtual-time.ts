import type { Instant } from "../../src/system/clock.ts";

/** Time that passes only while a test lets it: what was asked for comes in its order. */
export class VirtualTime {
  /** ms since boot. */
  mono = 1000;
  wallOffset = Date.UTC(2026, 0, 1);
  #queue: { at: number; order: number; job: () => void }[] = [];
  #order = 0;

  now(): Instant {
    return { mono: this.mono, wall: this.mono + this.wallOffset };
  }

  after(ms: number, job: () => void): void {
    const at = this.mono + ms;
    const order = this.#order++;
    let index = this.#queue.length;
    while (index > 0 && (this.#queue[index - 1]?.at ?? 0) > at) index--;
    this.#queue.splice(index, 0, { at, order, job });
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const end = this.mono + ms;
    for (let [next] = this.#queue; next && next.at <= end; [next] = this.#queue) {
      this.#queue.shift();
      this.mono = next.at;
      next.job();
    }
    this.mono = end;
  }
}
