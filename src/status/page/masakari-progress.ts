import type { MasakariClient } from "../../openstack/masakari.ts";
import type { Clock } from "../../system/clock.ts";
import { messageOf } from "../../system/message-of.ts";
import type { MasakariState } from "./incident.ts";

/** A notification with one of these statuses is not worked on any more. */
const FINAL: ReadonlySet<string> = new Set(["finished", "failed", "ignored"]);
/** While somebody looks at the page. */
const READ_EVERY_MS = 3000;
const REQUEST_MS = 10_000;

/** What Masakari does about the last notification: read while somebody looks, until it is done. */
export class MasakariProgress {
  readonly #client: () => Pick<MasakariClient, "getNotification">;
  readonly #clock: Clock;
  #uuid: string | undefined;
  #known: MasakariState | undefined;
  #reading = false;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(client: () => Pick<MasakariClient, "getNotification">, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** What is known of it; it is read meanwhile, for the next time. */
  of(uuid: string): MasakariState | undefined {
    if (uuid !== this.#uuid) {
      this.#uuid = uuid;
      this.#known = undefined;
      this.#readAt = Number.NEGATIVE_INFINITY;
    }
    const { mono } = this.#clock.now();
    const isFinal = this.#known !== undefined && FINAL.has(this.#known.status);
    if (!isFinal && !this.#reading && mono - this.#readAt >= READ_EVERY_MS) {
      this.#readAt = mono;
      this.#reading = true;
      void this.#read(uuid).finally(() => {
        this.#reading = false;
      });
    }
    return this.#known;
  }

  async #read(uuid: string): Promise<void> {
    let state: MasakariState;
    try {
      const { status, updated_at, created_at } = await this.#client().getNotification(uuid, {
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      state = { status, at: updated_at ?? created_at ?? undefined, problem: undefined };
    } catch (error) {
      const status = this.#known?.status ?? "unknown";
      state = { status, at: this.#known?.at, problem: messageOf(error) };
    }
    if (uuid === this.#uuid) this.#known = state;
  }
}
