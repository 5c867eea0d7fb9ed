import type { Clock } from "../../system/clock.ts";
import type { DriverProblem } from "../driver.ts";
import type { ApiClient, NodeList } from "./client.ts";
import { ApiError } from "./errors.ts";
import type { Node, WatchEvent } from "./nodes.ts";
import { WATCH } from "./problems.ts";

export interface NodeWatchParts {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** Something about the nodes has changed, or the watch has ended: time to look. */
  readonly onEvent: () => void;
  /** Contact with the API server was lost. */
  readonly onInterruption: () => void;
}

/** The first pause after a watch that failed, ms; it doubles up to the longest. */
const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** How long a watch lives for its failure to be the first one again, ms. */
const STEADY_MS = 180_000;
/** How often a right that is missing is tried again, ms. */
const DENIED_MS = 600_000;
/** So many failures in a row are a problem. */
const FAILURES = 3;
/** A server that ends watches at once must not be asked without a pause, ms. */
const SHORTEST_MS = 1000;

/** The nodes of a list are watched from there on. It reports that something changed; what, a list has to state. */
export class NodeWatch {
  readonly #parts: NodeWatchParts;
  #running: { readonly selector: string; readonly end: AbortController; readonly done: Promise<void> } | undefined;
  /** Each node as the last list has it. */
  #known: ReadonlyMap<string, string> = new Map();
  #changed = false;
  #failures = 0;
  #notBefore = 0;
  #problem: string | undefined;

  constructor(parts: NodeWatchParts) {
    this.#parts = parts;
  }

  get problems(): readonly DriverProblem[] {
    return this.#problem === undefined ? [] : [{ ...WATCH, problem: this.#problem }];
  }

  /** To be called before a list: whether nothing has changed since the one before. */
  takeUnchanged(selector: string): boolean {
    const isUnchanged = this.#running?.selector === selector && !this.#changed;
    this.#changed = false;
    return isUnchanged;
  }

  /** ms until a watch can begin; undefined if one runs, or the right to is missing. */
  get dueInMs(): number | undefined {
    if (this.#running !== undefined) return undefined;
    const left = this.#notBefore - this.#parts.clock.now().mono;
    return left > LONGEST_PAUSE_MS ? undefined : Math.max(0, left);
  }

  /** Takes in a list, and begins to watch there unless a watch runs or has just failed. */
  follow(list: NodeList, selector: string, signal: AbortSignal): void {
    this.#known = new Map(list.nodes.map((node) => [node.name, JSON.stringify(node)]));
    if (this.#running?.selector === selector) return;
    this.#running?.end.abort(new Error("another selector"));
    if (this.#parts.clock.now().mono < this.#notBefore) return;
    const end = new AbortController();
    const done = this.#run(list.resourceVersion, selector, AbortSignal.any([signal, end.signal]));
    const running = { selector, end, done };
    this.#running = running;
    void done.finally(() => {
      if (this.#running === running) this.#running = undefined;
      if (!signal.aborted) this.#parts.onEvent();
    });
  }

  /** Resolves when the watch has ended, for after the abort of its signal. */
  async ended(): Promise<void> {
    await this.#running?.done;
  }

  /** Watches until it fails or the signal aborts. Never rejects. */
  async #run(from: string, selector: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const begun = clock.now().mono;
    let resourceVersion = from;
    try {
      for (;;) {
        const { mono } = clock.now();
        const events = await client.watch(selector, resourceVersion, signal);
        for await (const event of events) {
          this.#problem = undefined;
          resourceVersion = this.#take(event);
        }
        const left = SHORTEST_MS - (clock.now().mono - mono);
        if (left > 0) await clock.sleep(left, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(error as Error, clock.now().mono - begun);
    }
  }

  /** @returns where to go on @throws ApiError */
  #take(event: WatchEvent): string {
    if (event.type === "error") throw new ApiError(event.code, event.message);
    if (event.type !== "bookmark" && this.#isNews(event.type, event.node)) {
      this.#changed = true;
      this.#parts.onEvent();
    }
    return event.resourceVersion;
  }

  #isNews(type: "changed" | "deleted", node: Node): boolean {
    const known = this.#known.get(node.name);
    return type === "deleted" ? known !== undefined : known !== JSON.stringify(node);
  }

  #failed(error: Error, livedMs: number): void {
    const { mono } = this.#parts.clock.now();
    const status = error instanceof ApiError ? error.status : undefined;
    if (status === 403) {
      this.#notBefore = mono + DENIED_MS;
      this.#problem = `the watch is refused: ${error.message}`;
      return;
    }
    this.#failures = livedMs > STEADY_MS ? 1 : this.#failures + 1;
    this.#notBefore = mono + Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10));
    if (this.#failures >= FAILURES) this.#problem = `the watch fails: ${error.message}`;
    // 410: the server no longer remembers so far back, which a list settles; it is there. And where watches never work, as through a
    // proxy that holds lines back, it is the lists that show whether there is contact.
    if (status !== 410 && this.#failures < FAILURES) this.#parts.onInterruption();
  }
}
