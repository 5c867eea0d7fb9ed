import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Deliver, DeliveryResult } from "../../src/notify/delivery.ts";
import { Dispatcher, type DispatcherOptions } from "../../src/notify/dispatcher.ts";
import type { Notification } from "../../src/notify/notification.ts";
import { Outbox, type OutboxOptions } from "../../src/notify/outbox.ts";
import { Store, type StoreOptions } from "../../src/notify/store.ts";
import { KeptLog } from "./kept-log.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A directory that goes with the test; in memory where the machine has such, for every commit is synced. */
export function stateDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "masakari-state-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "state");
}

/** A PROCESS notification as processmonitor makes it. */
export function stopped(name: string, generatedTime = "2026-01-01T00:00:00"): Notification {
  return {
    type: "PROCESS",
    hostname: "host-1",
    generated_time: generatedTime,
    payload: { event: "STOPPED", process_name: name },
  };
}

export const refused: DeliveryResult = { outcome: "failed", reason: "connection refused" };
export const delivered: DeliveryResult = { outcome: "delivered", notificationUuid: "0b1c" };

/** The rooms of notify/ put together as a program does, under a virtual clock. */
export class OutboxRig {
  readonly clock: VirtualClock;
  readonly log = new KeptLog();
  readonly store: Store;
  readonly outbox: Outbox;
  readonly statePath: string;

  constructor(
    statePath: string,
    options: Partial<OutboxOptions & StoreOptions> & { readonly clock?: VirtualClock } = {},
  ) {
    this.statePath = statePath;
    this.clock = options.clock ?? new VirtualClock();
    const { clock, log } = this;
    const common = { clock, log, bootId: "boot-1", ...options };
    this.store = new Store({ statePath, program: "testmonitor", ...common });
    this.store.open();
    this.outbox = new Outbox({ expiryMs: 86_400_000, ...common, store: this.store });
  }

  dispatcher(deliver: Deliver, options: Partial<DispatcherOptions> = {}): Dispatcher {
    const { outbox, clock, log } = this;
    const retryPolicy = { retryMax: 2, retryIntervalMs: 10_000, backoffMaxMs: 60_000 };
    return new Dispatcher({
      outbox,
      deliver,
      clock,
      log,
      retryPolicy,
      maxInFlight: 4,
      attemptTimeoutMs: 30_000,
      random: () => 0,
      ...options,
    });
  }

  /** Lines of the log that hold `text`. */
  logged(text: string): readonly string[] {
    return this.log.lines.filter((line) => line.includes(text));
  }
}
