import assert from "node:assert/strict";
import type { IntrospectiveSettings } from "../../src/introspective/observation.ts";
import type { RealGuest } from "./introspective-guest.ts";
import { IntrospectiveWorld } from "./introspective-world.ts";

export const MINUTES = 60_000;

/** A host whose guests have answered once. */
export async function monitoredHost(names: readonly string[], settings: Partial<IntrospectiveSettings> = {}) {
  const world = new IntrospectiveWorld(settings);
  const guests = names.map((name) => world.guest(name));
  world.startMonitor();
  await world.run(2 * world.settings.guest_monitoring_interval * 1000);
  for (const guest of guests) assert.equal(world.stateOf(guest)?.phase, "healthy");
  const first = guests[0] ?? world.guest("nobody");
  return { world, guests, first };
}

export function failedPingsOf(world: IntrospectiveWorld, guest: RealGuest, since: number): number {
  return world.pings.filter(({ uuid, at }) => uuid === guest.uuid && at >= since).length;
}
