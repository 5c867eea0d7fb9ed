import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { eventually } from "../../support/eventually.ts";
import type { Cluster } from "./cluster.ts";
import { MonitorSet, RIGHTS } from "./monitor-set.ts";
import type { HostOptions } from "./observer.ts";
import { RecordingApi } from "./recording-api.ts";

/** Fencing that fails and is tried again, and looks at an interval, on a machine that is busy. */
const SLOWEST_MS = 150_000;
/** The end of a log that a failure shows. */
const SHOWN = 12_000;

export interface StageOptions {
  /** More lines of every monitor's `[host]`. */
  readonly host?: HostOptions;
  /** The nodes whose monitors the test starts itself. */
  readonly later?: readonly string[];
}

let runs = 0;

/**
 * One situation on a real cluster: on every member a host monitor as root, one under Kolla's sudoers and one under Debian's, all with no saved state,
 * and an API of their own for each of the three sets. What a test expects, every set has to do.
 */
export class Stage {
  readonly cluster: Cluster;
  readonly sets: readonly MonitorSet[];
  readonly #api: RecordingApi;
  readonly #context: TestContext;
  #began = Date.now();

  private constructor(cluster: Cluster, api: RecordingApi, context: TestContext, host: HostOptions) {
    this.cluster = cluster;
    this.#api = api;
    this.#context = context;
    runs += 1;
    this.sets = RIGHTS.map((rights) => new MonitorSet(rights, runs, { cluster, api, host }));
  }

  /** Resolves when every monitor knows the state of every host. Ends with the test. */
  static async set(
    context: TestContext,
    cluster: Cluster,
    { host = {}, later = [] }: StageOptions = {},
  ): Promise<Stage> {
    const stage = new Stage(cluster, await RecordingApi.start(cluster, RIGHTS), context, host);
    context.after(() => stage.#stop());
    const names = cluster.nodes.filter(({ isRemote, name }) => !isRemote && !later.includes(name));
    await stage.each((set) => set.start(names.map(({ name }) => name)));
    return stage;
  }

  /** From here on the time of each notification counts. */
  mark(): void {
    this.#began = Date.now();
  }

  async each(work: (set: MonitorSet) => Promise<void> | void): Promise<void> {
    await Promise.all(this.sets.map(work));
  }

  /** Waits until each set's API has received it, in the order of `notified`: `node3 STOPPED NORMAL from node1`. */
  async notified(notification: string): Promise<void> {
    await this.each((set) =>
      this.#until(`${set.rights}: ${notification}`, () => set.notifications.includes(notification)),
    );
  }

  /** Waits until the monitor of that node has logged it, in each set. */
  async logged(name: string, pattern: RegExp): Promise<void> {
    await this.each((set) =>
      this.#until(`${set.rights}: ${name} to log ${pattern}`, () => pattern.test(set.monitor(name).output)),
    );
  }

  /** Waits until `status` of that node shows it, in each set. */
  async shown(name: string, pattern: RegExp): Promise<void> {
    await this.each((set) =>
      this.#until(`${set.rights}: status of ${name} to show ${pattern}`, async () =>
        pattern.test(await set.status(name)),
      ),
    );
  }

  /** Waits until these nodes' monitors know that another one has reported the host. */
  async known(host: string, names: readonly string[]): Promise<void> {
    const pattern = new RegExp(`${host} is down: another host monitor has notified Masakari`);
    for (const name of names) await this.logged(name, pattern);
  }

  /** Waits until the cluster has fenced the node since `before` events of it, by the word of another. */
  async fenced(name: string, on: string): Promise<void> {
    const isDone = (text: string): boolean =>
      new RegExp(`<node name="${name}" [^>]*online="false" [^>]*unclean="false"`).test(text);
    await this.cluster.until(`${name} to be fenced`, on, isDone);
  }

  /** Brings every node back, waits for the rest of these notifications, and checks that each came once, was accepted, and that there was no other. */
  async end(expected: readonly string[]): Promise<void> {
    await this.cluster.restore();
    for (const notification of expected) await this.notified(notification);
    for (const set of this.sets) {
      this.#report(set);
      assert.deepEqual(set.notifications, expected, `${set.rights}\n${set.logs}`);
      assert.deepEqual(new Set(set.answers), new Set(expected.length === 0 ? [] : [202]), set.rights);
      assert.equal(set.answers.length, expected.length, set.rights);
    }
  }

  #report(set: MonitorSet): void {
    const { arrivals } = set;
    for (const [index, notification] of set.notifications.entries()) {
      const seconds = (((arrivals[index] ?? 0) - this.#began) / 1000).toFixed(1);
      this.#context.diagnostic(`${set.rights}: ${notification} after ${seconds} s`);
    }
  }

  /** Waits; what the monitors have logged is part of the failure. */
  async #until(doing: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
    try {
      await eventually(doing, SLOWEST_MS, async () => (await isSo()) || undefined, 100);
    } catch (cause) {
      const logs = this.sets.flatMap((set) => [...set.notifications, set.logs.slice(-SHOWN)]);
      throw new Error([doing, ...logs].join("\n"), { cause });
    }
  }

  async #stop(): Promise<void> {
    await this.each((set) => set.stop());
    await this.#api.stop();
  }
}
