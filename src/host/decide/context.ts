import type { DecisionContext } from "../../monitor/decision.ts";
import type { HostEffect, HostSettings } from "../observation.ts";

export type Context = DecisionContext<HostSettings, HostEffect>;

/** Of the outbox: what is about one host keeps its order, and the later supersedes the earlier. */
export function subjectOf(name: string): string {
  return `host:${name}`;
}

/** What Masakari calls a host of the driver's. */
export function masakariName(name: string, { host_names }: Pick<HostSettings, "host_names">): string {
  return (Object.hasOwn(host_names, name) ? host_names[name] : undefined) ?? name;
}

/** The keys by which the checks of a lost host are cancelled. */
export const checkKeys = (name: string) => ({ power: `power:${name}`, witness: `witness:${name}`, api: `api:${name}` });

/** Cancels the checks of a lost host that are under way. */
export function cancelChecks(name: string, context: Pick<Context, "cancel">): void {
  for (const key of Object.values(checkKeys(name))) context.cancel(key);
}
