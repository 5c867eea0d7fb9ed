import type { TestContext } from "node:test";
import type { Decision, Monitor } from "../../src/monitor/contract.ts";
import { Loop } from "../../src/monitor/loop.ts";
import { noProgress } from "../../src/monitor/progress.ts";
import type { StateFile } from "../../src/notify/state-file.ts";
import { OutboxRig, stateDirectory } from "./outbox-rig.ts";

export interface Ask {
  readonly kind: "ask";
  readonly what: string;
  readonly cancelKey?: string;
}
export type Decide = (state: readonly string[], seen: string) => Decision<readonly string[], Ask>;

export function monitorOf(decide: Decide, parts: Partial<Monitor<readonly string[], string, Ask>> = {}) {
  const monitor: Monitor<readonly string[], string, Ask> = {
    name: "testmonitor",
    initial: [],
    restore: ({ rest }) => (Array.isArray(rest) ? rest : undefined),
    decide,
    woke: (key) => `woke ${key}`,
    sense: () => Promise.resolve(),
    act: () => Promise.resolve(),
    ...parts,
  };
  return monitor;
}

export function loopOf(rig: OutboxRig, monitor: Monitor<readonly string[], string, Ask>) {
  const progress = noProgress();
  const failures: unknown[] = [];
  const stop = new AbortController();
  const loop = new Loop(monitor, { ...rig, progress }, stop.signal, (error) => failures.push(error));
  loop.start();
  return { loop, progress, failures, stop };
}

export function rigOf(t: TestContext, directory = stateDirectory(t), open?: (path: string) => StateFile): OutboxRig {
  const rig = new OutboxRig(directory, open === undefined ? {} : { open });
  t.after(() => rig.store.close());
  return rig;
}

export const remember: Decide = (state, seen) => ({ state: [...state, seen], effects: [] });
