import type { DecisionContext } from "../../monitor/decision.ts";
import type { HostEffect, HostSettings } from "../observation.ts";

export type Context = DecisionContext<HostSettings, HostEffect>;

/** How far the clocks of two hosts may be apart, ms. */
export const CLOCKS_APART_MS = 60_000;

/** Of the outbox: what is about one host keeps its order, and the later supersedes the earlier. */
export function subjectOf(name: string): string {
  return `host:${name}`;
}

/** What Masakari calls a host of the driver's. */
export function masakariName(name: string, { host_names }: Pick<HostSettings, "host_names">): string {
  return (Object.hasOwn(host_names, name) ? host_names[name] : undefined) ?? name;
}
