import type { Logger } from "../system/log.ts";
import { raceAbort } from "./abort-race.ts";
import type { CallOptions, Invoke } from "./calls.ts";
import { type DomainEvent, type EventKind, eventKinds, type ReceivedEvent } from "./protocol/events.ts";
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
  /** Ends when the last step for this kind with the server has: they are done one after the other. Never rejects. */
  lastStep: Promise<void>;
  /** The registration whose events count; undefined: there is none, or it is not known yet. */
  callbackId: number | undefined;
}

/**
 * Who listens to which events. Each kind is registered once with the server, for all domains, and recognised by its
 * procedure number: libvirt may send the first event before the reply that carries the callback id. Once that is known,
 * events of other registrations are ignored: one whose reply nobody waited for may be left at the server.
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
      // The result of deregistering is of no interest beside why registering failed, and is not waited for.
      void end().catch(() => undefined);
      throw failed.reason;
    }
    return { end };
  }

  /** Calls the listeners in the order of their registration; one that throws is logged, and the others go on. */
  emit({ callbackId, event }: ReceivedEvent): void {
    const entry = this.#entries.get(event.kind);
    if (entry === undefined || (entry.callbackId ?? callbackId) !== callbackId) return;
    for (const listener of [...entry.listeners]) {
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
    await this.#afterLastStep(entry, options, async () => {
      if (entry.callbackId !== undefined || entry.listeners.size === 0) return;
      const args = { eventId: eventKinds[kind].id, domain: undefined };
      entry.callbackId = (await this.#call(procedures.eventRegister, args, options)).callbackId;
    });
  }

  async #remove(kind: EventKind, listener: Listener, options: CallOptions): Promise<void> {
    const entry = this.#entry(kind);
    if (!entry.listeners.delete(listener)) return;
    await this.#afterLastStep(entry, options, async () => {
      const { callbackId } = entry;
      if (callbackId === undefined || entry.listeners.size > 0) return;
      // Whatever comes of it: nobody relies on a registration of which it is not known whether it still is one.
      entry.callbackId = undefined;
      await this.#call(procedures.eventDeregister, { callbackId }, options);
    });
  }

  async #afterLastStep(entry: Entry, { signal }: CallOptions, step: () => Promise<void>): Promise<void> {
    const mine = entry.lastStep.then(step);
    entry.lastStep = mine.catch(() => undefined);
    await raceAbort(mine, signal);
  }

  #entry(kind: EventKind): Entry {
    const existing = this.#entries.get(kind);
    if (existing !== undefined) return existing;
    const entry: Entry = { listeners: new Set(), lastStep: Promise.resolve(), callbackId: undefined };
    this.#entries.set(kind, entry);
    return entry;
  }
}
