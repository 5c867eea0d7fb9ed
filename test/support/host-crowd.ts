import { HostDecisions, type States } from "./host-cluster.ts";

/** `node2` and so on: node1 is the monitor's own. */
export const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `node${index + 2}`);
export const all = (count: number, state: "online" | "offline"): States =>
  Object.fromEntries(names(count).map((name) => [name, state]));

/** A monitor that takes the driver's word, and has seen all hosts up. */
export function watching(hosts: number, settings = {}): HostDecisions {
  const monitor = new HostDecisions({ needsProof: false, ...settings });
  monitor.look(all(hosts, "online"));
  monitor.pass(60);
  monitor.look(all(hosts, "online"));
  monitor.pass(60);
  return monitor;
}
