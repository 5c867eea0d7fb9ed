import type { Config } from "../config/sections.ts";
import { userAgent } from "../http/user-agent.ts";
import { noProgress } from "../monitor/progress.ts";
import type { Entry } from "../notify/entry.ts";
import { Outbox } from "../notify/outbox.ts";
import { type OutboxService, outboxService } from "../notify/outbox-service.ts";
import { stateFilesOn } from "../notify/state-operations.ts";
import { Store } from "../notify/store.ts";
import { ApiRequests } from "../openstack/api-requests.ts";
import type { SegmentHosts } from "../openstack/segment-hosts.ts";
import { ArmedHistory } from "../status/armed.ts";
import { type ConditionKind, Conditions } from "../status/conditions.ts";
import type { Facts } from "../status/facts.ts";
import type { LoopDelay } from "../status/loop-delay.ts";
import { readBootId } from "../system/boot-id.ts";
import type { Clock } from "../system/clock.ts";
import type { OpenLog } from "../system/logging/open-log.ts";
import { Delivery, deliveryPath } from "./delivery.ts";
import type { Disk } from "./disk.ts";
import { flightRecorder } from "./flight-recorder.ts";
import { factsOf } from "./health.ts";
import { notifiesOfItsHost, type Program } from "./program.ts";
import { packageVersion } from "./version.ts";

const SHADOW: ConditionKind = {
  name: "shadow mode",
  consequence: "failures are recorded, and Masakari is notified of none",
  effect: "disarmed",
};

/** One monitor of the process, made but not yet running. */
export interface AssembledMonitor {
  readonly name: string;
  /** What its notifications are about. */
  readonly type: string;
  /** Until the signal aborts. @param onBegun called once, when it watches */
  run(signal: AbortSignal, onBegun: () => void): Promise<void>;
  readonly outbox: OutboxService;
  /** What it sends with, as SIGHUP left it. */
  readonly delivery: Pick<Delivery, "client" | "clockOffsetMs">;
  /** How it is now. */
  facts(): Facts;
  readonly armed: ArmedHistory;
  /** Puts the database back if it is not in its place. @returns whether that was done since it was last asked */
  databaseRenewed(): boolean;
  /** Prepares delivery as the configuration has it. @returns what takes everything over, and cannot fail */
  prepare(config: Config): Promise<() => void>;
}

/** What the monitors of one process share. */
export interface Shared {
  /** Where state is kept: `[DEFAULT] state_path`, or what stands in for it. */
  readonly statePath: string;
  readonly disk: Disk;
  /** Of the process: for the API's access log. */
  readonly command: string;
  readonly opened: OpenLog;
  readonly clock: Clock;
  readonly conditions: Conditions;
  /** What is wrong with this host in Masakari: for the monitors that notify about it. */
  readonly hostConditions: Conditions;
  readonly segmentHosts: SegmentHosts;
  readonly loopDelay: LoopDelay;
}

/**
 * Puts the parts of one monitor together.
 * @throws AuthOptionsError if `[api]` does not make a login
 */
export async function assemble(program: Program, config: Config, shared: Shared): Promise<AssembledMonitor> {
  const { command, opened, clock, loopDelay, statePath, disk } = shared;
  const bootId = readBootId();
  const log = opened.log.named(`masakarimonitors.${program.name}`);
  const notifyLog = opened.log.named("masakarimonitors.notify");
  const types = program.notificationTypes;
  const files = stateFilesOn(disk);
  const conditions = new Conditions(clock);
  const recorder = flightRecorder(program.name, config, { ...shared, bootId, conditions, log });
  const onEntry = (entry: Entry): void => recorder?.entry(entry, clock.now());
  const store = new Store({
    statePath,
    program: program.name,
    types,
    clock,
    log: notifyLog,
    bootId,
    onEntry,
    ...files,
  });
  const outbox = new Outbox({ store, clock, log: notifyLog, bootId, expiryMs: config.notifications.expiry * 1000 });
  const requests = new ApiRequests(clock);
  const parts = { outbox, clock, log: opened.log, requests, userAgent: userAgent(command, packageVersion()) };
  const delivery = new Delivery(await deliveryPath(config, program.retry(config), parts));
  const showShadow = ({ notifications: { shadow } }: Config): void => {
    const problem = shadow ? "[notifications] shadow is set; remove it to arm this monitor" : undefined;
    const before = conditions.all.get(SHADOW.name)?.problem;
    conditions.set(SHADOW, problem);
    if (problem === before) return;
    if (problem === undefined) log.info(`${SHADOW.name}: no longer set; Masakari is notified of failures from now on`);
    else log.warning(`${SHADOW.name}: ${problem}: ${SHADOW.consequence}`);
  };
  showShadow(config);
  const masakari = () => delivery.client;
  const monitor = await program.create({
    config,
    clock,
    log,
    bootId,
    conditions,
    statePath,
    disk,
    masakari,
    segmentHosts: shared.segmentHosts,
    userAgent: parts.userAgent,
  });
  const progress = noProgress();
  const { silenceLimitMs } = monitor;
  const sources = {
    conditions,
    common: notifiesOfItsHost(program) ? [shared.conditions, shared.hostConditions] : [shared.conditions],
    progress,
    store,
    outbox,
    delivery,
    requests,
    silenceLimitMs,
    loopDelay,
  };
  return {
    name: program.name,
    type: types[0] ?? "",
    outbox: outboxService(program.name, outbox),
    delivery,
    async run(signal, onBegun) {
      store.open();
      const parts = { store, outbox, dispatcher: delivery, clock, log, progress, conditions, recorder, onBegun };
      await monitor.run(parts, signal);
      await recorder?.close();
      store.close();
    },
    facts: () => factsOf(sources),
    armed: new ArmedHistory(() => factsOf(sources), clock),
    databaseRenewed: () => store.renewed(),
    async prepare(next) {
      const path = await deliveryPath(next, program.retry(next), parts);
      return () => {
        delivery.replace(path);
        showShadow(next);
        monitor.reload(next);
      };
    },
  };
}
