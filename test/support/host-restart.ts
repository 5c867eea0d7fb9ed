import assert from "node:assert/strict";
import { kept, restore } from "../../src/host/saved-state.ts";
import { HostDecisions } from "./host-cluster.ts";

export const UP = { node2: "online", node3: "online" } as const;
export const LOST = { ...UP, node3: "offline" } as const;

export function watching(settings = {}): HostDecisions {
  const monitor = new HostDecisions({ needsProof: false, ...settings });
  monitor.look(UP);
  monitor.pass(60);
  monitor.look(UP);
  monitor.pass(60);
  return monitor;
}

/** The same monitor in another run of the program, which knows what was on disk. @param clockSetBy ms by which the wall clock was set meanwhile */
export function restarted(before: HostDecisions, seconds = 60, clockSetBy = 0): HostDecisions {
  const rows = new Map<string, unknown>();
  for (const [name, host] of before.state.hosts) {
    const row = kept.maps?.hosts?.each(host, name);
    if (row !== undefined) rows.set(name, JSON.parse(JSON.stringify(row)));
  }
  const rest: unknown = JSON.parse(JSON.stringify(kept.rest(before.state)));
  const state = restore({ rest, maps: { hosts: rows } });
  assert.ok(state);
  const after = new HostDecisions(before.settings);
  after.pass((before.at.mono - after.at.mono) / 1000 + seconds);
  after.setClock(clockSetBy);
  after.state = state;
  after.effects.length = 0;
  after.start();
  return after;
}

/** Two looks, a second apart: the first one after a gap is not believed alone. */
export function lookTwice(monitor: HostDecisions, ...look: Parameters<HostDecisions["look"]>): void {
  monitor.look(...look);
  monitor.pass(1);
  monitor.look(...look);
}
