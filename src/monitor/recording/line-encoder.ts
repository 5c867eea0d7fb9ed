import type { Entry } from "../../notify/entry.ts";
import type { Instant } from "../../system/clock.ts";
import type { Step } from "../decide-queued.ts";
import { encode, type Redact } from "./encode.ts";
import type { Phases } from "./phases.ts";
import type { EntryRecord } from "./record.ts";

/** Makes the lines of one segment: texts that may contain a secret are replaced, and what repeats is not written again. */
export class LineEncoder {
  readonly #redact: Redact | undefined;
  readonly #phases: Phases;
  /** The latest observation of each kind, without its time. */
  #latest = new Map<string, string>();

  constructor(redact: Redact | undefined, phases: Phases) {
    this.#redact = redact;
    this.#phases = phases;
  }

  /** What follows is in another segment, and refers to nothing before it. */
  beginSegment(): void {
    this.#latest = new Map();
  }

  decided({ observation, effects, touched }: Step<unknown, unknown>): string {
    const replaced: [string, string][] = [];
    const head = this.#observed(observation, replaced);
    const effectsText = encode(effects, (key, text) => this.#redactEffect(key, text, replaced));
    return `{${head},"effects":${effectsText},"phases":${encode(this.#phases.changes(touched))}}`;
  }

  failed(observation: unknown, error: string): string {
    return encode({ kind: "failed", observation, error }, this.#redact);
  }

  entry(entry: Entry, at: Instant): string {
    const { id, subject, notification, state, attempts, reason, notificationUuid } = entry;
    const record: EntryRecord = {
      kind: "entry",
      at,
      id,
      subject,
      notification,
      state,
      attempts,
      reason,
      notificationUuid,
    };
    return encode(record);
  }

  /** @param replaced gets what was replaced in it, by what */
  #observed(observation: unknown, replaced: [string, string][]): string {
    const redact = (key: string, text: string): string => {
      const shown = this.#redact?.(key, text) ?? text;
      if (shown !== text) replaced.push([text, shown]);
      return shown;
    };
    if (!isTimed(observation)) return `"kind":"decided","observation":${encode(observation, redact)}`;
    const { at, ...rest } = observation;
    const text = encode(rest, redact);
    const atText = encode(at);
    if (this.#latest.get(rest.kind) === text)
      return `"kind":"repeated","of":${JSON.stringify(rest.kind)},"at":${atText}`;
    this.#latest.set(rest.kind, text);
    return `"kind":"decided","observation":{"at":${atText},${text.slice(1)}`;
  }

  /** What an effect has of the observation is replaced in it as it was there. */
  #redactEffect(key: string, text: string, replaced: readonly (readonly [string, string])[]): string {
    const own = this.#redact?.(key, text) ?? text;
    return replaced.reduce((shown, [secret, instead]) => shown.replaceAll(secret, () => instead), own);
  }
}

function isTimed(observation: unknown): observation is { readonly kind: string; readonly at: Instant } {
  const { kind, at } = (observation ?? {}) as { kind?: unknown; at?: unknown };
  return typeof kind === "string" && typeof at === "object";
}
