import type { Stage } from "../stage.ts";
import type { Machine } from "./machine.ts";

export const HOST_GUIDE = `  fail node-3      a simulated host crashes: not reported before there is proof; the cluster fences it, then it is
  fail node-1      the same with a host that runs a monitor: the other one reports it
  bmc node-3       its BMC is dead from now on (or answers again): then fail node-3, see UNKNOWN, and confirm node-3
  partition node-1 it is cut off: its monitor sees everybody else lost, and reports nobody; heal ends it
  storm            a rack of 5 loses power: held, since a fault of the network is more likely
  release          an operator has looked: what is held is reported
  disarm, arm      planned work: nothing is reported meanwhile
  boot node-3      it is up again`;

type MachineCommand = (stage: Stage, machine: Machine) => void;

const ofOneHost: Readonly<Record<string, MachineCommand>> = {
  fail: ({ hosts }, machine) => hosts.fail(machine),
  boot: ({ hosts }, machine) => hosts.boot(machine),
  bmc: ({ hosts }, machine) => hosts.breakBmc(machine),
  confirm: ({ hosts }, machine) => hosts.confirm(machine),
  partition: ({ hosts }, machine) => hosts.partition(machine),
};

const ofAll: Readonly<Record<string, (stage: Stage) => void | Promise<void>>> = {
  heal: ({ hosts }) => hosts.heal(),
  storm: ({ hosts }) => hosts.storm(),
  release: ({ hosts }) => hosts.command("release", "--reason", "an operator has looked"),
  disarm: ({ hosts }) => hosts.command("disarm", "--for", "10m", "--reason", "planned work"),
  arm: ({ hosts }) => hosts.command("arm"),
};

/** @param object `node-3`, or `host node-3` without its first word. @returns what the line asks for; undefined: it is not about hosts */
export function hostCommand(stage: Stage, verb: string, object: string): (() => void | Promise<void>) | undefined {
  const all = Object.hasOwn(ofAll, verb) ? ofAll[verb] : undefined;
  if (all !== undefined) return () => all(stage);
  const one = Object.hasOwn(ofOneHost, verb) ? ofOneHost[verb] : undefined;
  if (one === undefined) return undefined;
  const machine = stage.hosts.machine(object);
  if (machine === undefined) return () => stage.timeline.print(`${verb} what? ${stage.hosts.names.join(", ")}`);
  return () => one(stage, machine);
}
