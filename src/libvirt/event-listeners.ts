import type { Logger } from "../system/log.ts";
import type { CallOptions, Invoke } from "./calls.ts";
import { type DomainEvent, type EventKind, eventKinds } from "./protocol/events.ts";
import { procedures } from "./protocol/procedures.ts";

export type EventOf<K extends EventKind> = Extract<DomainEvent, { readonly kind: K }>;

/** What was registered; `end` stops it. */
export interface Registration {
  /** The listener is not called any more, from now on; resolves when libvirt knows too. */
  end(options?: CallOptions): Promise<void>;
}

type Listener = (event: DomainEvent) => void;

interface Entry {
  readonly listeners: Set<Listener>;
  /** What is under way for this kind, one after the other; its value is the callback id, if it is registered. */
  registered: Promise<number | undefined>;
}

/**
 * Who listens to which events. Each kind is registered once with the server, for all domains, and told apart by its
 * procedure number: libvirt may send the first event before the reply that carries the callback id.
 */
export class EventListeners {
  readonly #call: Invoke;
  readonly #log: Logger;
  readonly #entries = new Map<EventKind, Entry>();

  constructor(call: Invoke, log: Logger) {
    this.#call = call;
    this.#log = log;
  }

  async register(kinds: readonly EventKind[], listener: Listener, options: CallOptions): Promise<Registration> {
    // A function of its own, so that one listener registered twice is two.
    const own: Listener = (event) => listener(event);
    const outcomes = await Promise.allSettled(kinds.map((kind) => this.#add(kind, own, options)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    const end = async (endOptions: CallOptions = {}): Promise<void> => {
      await Promise.all(kinds.map((kind) => this.#remove(kind, own, endOptions)));
    };
    if (failed !== undefined) {
      // What libvirt says to the taking back is of no interest beside why it failed.
      await end(options).catch(() => undefined);
      throw failed.reason;
    }
    return { end };
  }

  /** Calls the listeners in the order of their registration; one that throws is logged, and the others go on. */
  emit(event: DomainEvent): void {
    for (const listener of [...(this.#entries.get(event.kind)?.listeners ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        this.#log.error(`a listener for ${event.kind} events failed: ${(error as Error)?.stack ?? error}`);
      }
    }
  }

  async #add(kind: EventKind, listener: Listener, options: CallOptions): Promise<void> {
    const entry = this.#entry(kind);
    entry.listeners.add(listener);
    await this.#then(entry, async (callbackId) => {
      if (callbackId !== undefined || entry.listeners.size === 0) return callbackId;
      const args = { eventId: eventKinds[kind].id, domain: undefined };
      return (await this.#call(procedures.eventRegister, args, options)).callbackId;
    });
  }

  async #remove(kind: EventKind, listener: Listener, options: CallOptions): Promise<void> {
    const entry = this.#entry(kind);
    if (!entry.listeners.delete(listener)) return;
    await this.#then(entry, async (callbackId) => {
      if (callbackId === undefined || entry.listeners.size > 0) return callbackId;
      await this.#call(procedures.eventDeregister, { callbackId }, options);
      return undefined;
    });
  }

  /** A step that fails leaves things as they were, for the next one. */
  async #then(entry: Entry, step: (callbackId: number | undefined) => Promise<number | undefined>): Promise<void> {
    const before = entry.registered;
    const after = before.then(step);
    entry.registered = after.catch(() => before);
    await after;
  }

  #entry(kind: EventKind): Entry {
    const existing = this.#entries.get(kind);
    if (existing !== undefined) return existing;
    const entry: Entry = { listeners: new Set(), registered: Promise.resolve(undefined) };
    this.#entries.set(kind, entry);
    return entry;
  }
}
