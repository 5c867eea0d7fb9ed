import { type Connection, type DomainEvent, maintainConnection } from "../libvirt/mod.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { lookAtAll } from "./look.ts";
import type { GuestEvent, InstanceSettings } from "./observation.ts";
import type { Observe, Session } from "./session.ts";

const LIBVIRT: ConditionKind = { name: "libvirt", consequence: "the guests are not monitored", effect: "blind" };

export interface SenseParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly bootId: string;
  /** `[libvirt] connection_uri` */
  readonly connectionUri: string;
  /** As they are now: they may change while sensing runs. */
  readonly settings: () => InstanceSettings;
  /** Where the state of the connection to libvirt is shown. */
  readonly conditions?: Conditions | undefined;
}

/** Those in upstream's table. */
const KINDS = ["lifecycle", "reboot", "watchdog", "ioError", "ioErrorReason", "controlError"] as const;

/**
 * An event is worth no more than libvirt's sending it: a libvirtd that has just been started takes its guests over one by one,
 * and has no event for one that it finds dead while doing so. So everything is looked at again, soon and then now and then.
 */
const LOOK_AGAIN_MS: readonly number[] = [1000, 4000, 15_000];
export const LOOK_EVERY_MS = 60_000;

/**
 * Observes the guests of libvirt until the signal aborts, over every restart of libvirtd: on each connection it registers for
 * events before it looks at every domain, so that nothing is missed.
 * @throws UriError if the connection URI cannot be read
 */
export async function sense(session: Session, parts: SenseParts, observe: Observe, signal: AbortSignal): Promise<void> {
  const { clock, log, bootId, conditions } = parts;
  conditions?.set(LIBVIRT, "not connected yet");
  observe({ kind: "started", at: clock.now(), bootId, settings: parts.settings() });
  await maintainConnection(
    parts.connectionUri,
    {
      clock,
      log,
      // Upstream's too: events and states need no right to change anything.
      readOnly: true,
      consequence:
        "Instance failures are not detected until it is back; those that happen meanwhile are found and notified then. Check that " +
        "libvirtd runs and that [libvirt] connection_uri names it",
      onConnected: async (connection, connected) => {
        await begin(connection, connected);
        // Beside it: a connection counts as made only when this returns, and only what was made can be lost again.
        keepLooking(connection, connected).catch((error: unknown) => connection.close(lossOf(error)));
      },
      onUnavailable: (reason) => conditions?.set(LIBVIRT, reason),
      onLost: (error) => {
        session.connection = undefined;
        observe({ kind: "lost", at: clock.now(), reason: error.message });
      },
    },
    signal,
  );

  async function begin(connection: Connection, connected: AbortSignal): Promise<void> {
    const onEvent = (event: DomainEvent): void => {
      const guestEvent = guestEventOf(event);
      if (guestEvent === undefined || connected.aborted) return;
      const { uuid, name, id } = event.domain;
      const number = ++session.eventCount;
      observe({ kind: "event", at: clock.now(), number, guest: { uuid, name, id }, event: guestEvent });
    };
    await connection.registerEvents(KINDS, onEvent, { signal: connected });
    session.connection = connection;
    observe({ kind: "connected", at: clock.now() });
    await look(connection, connected, false);
    if (!connected.aborted) conditions?.set(LIBVIRT, undefined);
  }

  async function keepLooking(connection: Connection, connected: AbortSignal): Promise<void> {
    for (let looks = 0; !connected.aborted; looks++) {
      await clock.sleep(LOOK_AGAIN_MS[looks] ?? LOOK_EVERY_MS, connected).catch(() => undefined);
      if (!connected.aborted) await look(connection, connected, true);
    }
  }

  async function look(connection: Connection, connected: AbortSignal, again: boolean): Promise<void> {
    observe({ kind: "looking", at: clock.now() });
    const seen = await lookAtAll(connection, () => session.eventCount, log, connected);
    if (!connected.aborted) observe({ kind: "snapshot", at: clock.now(), again, ...seen });
  }
}

function lossOf(error: unknown): Error {
  return error instanceof Error ? error : new Error("the guests could not be read again", { cause: error });
}

/** In libvirt's words; undefined for a kind that this monitor does not register for. */
function guestEventOf(event: DomainEvent): GuestEvent | undefined {
  switch (event.kind) {
    case "lifecycle":
      return { kind: "lifecycle", event: event.eventName, detail: event.detailName };
    case "watchdog":
    case "ioError":
      return { kind: event.kind, action: event.actionName };
    case "reboot":
    case "ioErrorReason":
    case "controlError":
      return { kind: event.kind };
    default:
      return undefined;
  }
}
