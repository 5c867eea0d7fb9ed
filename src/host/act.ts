import type { Observe } from "../monitor/contract.ts";
import type { Clock } from "../system/clock.ts";
import { messageOf } from "../system/message-of.ts";
import type { HostDriver } from "./driver.ts";
import type { FencingDevice, PowerResult } from "./fencing-device.ts";
import type { AskNova, HostApi } from "./host-api.ts";
import type { HostEffect, HostMonitorObservation } from "./observation.ts";

/** Nova's heartbeat may be so much older than the loss that it proves nothing, ms: clocks differ, and it is only written every 10 s. */
const HEARTBEAT_SLACK_MS = 5000;

export interface ActParts {
  readonly driver: HostDriver;
  readonly api: HostApi;
  readonly askNova: AskNova;
  /** Asks one fencing device. Never rejects. */
  readonly checkPower: (device: FencingDevice, signal: AbortSignal) => Promise<PowerResult>;
  readonly clock: Clock;
}

/** Carries out one effect; what it comes to is observed. */
export async function act(
  effect: HostEffect,
  parts: ActParts,
  observe: Observe<HostMonitorObservation>,
  signal: AbortSignal,
): Promise<void> {
  const { driver, clock } = parts;
  switch (effect.kind) {
    case "look":
      driver.lookNow();
      return;
    case "checkPower": {
      const { result, devices } = await powerOf(effect.host, parts, signal);
      observe({ kind: "powerChecked", at: clock.now(), host: effect.host, result, devices });
      return;
    }
    case "checkApi":
      observe(await apiCheck(effect, parts, signal));
      return;
    case "checkWitness":
      observe(await witnessCheck(effect, parts, signal));
  }
}

/** The first device that knows decides, in the cluster's order. */
async function powerOf(
  host: string,
  { driver, checkPower }: ActParts,
  signal: AbortSignal,
): Promise<{ readonly result: PowerResult; readonly devices: number }> {
  const lookup = await driver.findFencingDevices?.(host, signal);
  const devices = lookup?.devices ?? [];
  const reasons: string[] = lookup?.problem === undefined ? [] : [lookup.problem];
  for (const device of devices) {
    const result = await checkPower(device, signal);
    if (result.power !== "unknown") return { result, devices: devices.length };
    reasons.push(result.reason);
  }
  const reason = reasons.join("; ") || "the cluster has no fencing device for it that can be asked";
  return { result: { power: "unknown", reason }, devices: devices.length };
}

async function apiCheck(
  { host, hostname, since, lostAt, status }: Extract<HostEffect, { kind: "checkApi" }>,
  { api, clock }: ActParts,
  signal: AbortSignal,
): Promise<HostMonitorObservation> {
  try {
    const { isNotified, ...found } = await api.findReport({ hostname, since, lostAt, status }, signal);
    return { kind: "apiChecked", at: clock.now(), host, result: isNotified ? "notified" : "not notified", ...found };
  } catch (error) {
    return { kind: "apiChecked", at: clock.now(), host, result: "unknown", reason: messageOf(error) };
  }
}

async function witnessCheck(
  { host, hostname, since }: Extract<HostEffect, { kind: "checkWitness" }>,
  { askNova, clock }: ActParts,
  signal: AbortSignal,
): Promise<HostMonitorObservation> {
  const observed = { kind: "witnessChecked" as const, host };
  try {
    const { state, updatedAt } = await askNova(hostname, signal);
    const heard = new Date(updatedAt).toISOString();
    const isAlive = state === "up" && updatedAt > since + HEARTBEAT_SLACK_MS;
    const reason = `Nova heard from its nova-compute at ${heard} (${state})`;
    return { ...observed, at: clock.now(), service: isAlive ? "alive" : "silent", reason };
  } catch (error) {
    return { ...observed, at: clock.now(), service: "unknown", reason: `Nova does not answer: ${messageOf(error)}` };
  }
}
