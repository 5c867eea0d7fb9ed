import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { eventually } from "../../support/eventually.ts";
import type { Cluster } from "./cluster.ts";
import { Monitors, type Rights } from "./monitors.ts";
import type { HostOptions } from "./observer.ts";
import { RecordingApi } from "./recording-api.ts";

/** Fencing that fails and is tried again, and looks at an interval, on a machine that is busy. */
const SLOWEST_MS = 240_000;
/** The end of the logs that a failure shows. */
const SHOWN = 20_000;

interface StageOptions {
  readonly rights: Rights;
  /** More lines of every monitor's `[host]`. */
  readonly host?: HostOptions;
  /** The test starts the monitors itself. */
  readonly noMonitors?: boolean;
}

let runs = 0;

const fits = (notification: string, expected: string | undefined): boolean =>
  notification === expected || notification.startsWith(`${expected} from `);

/** One situation on a real cluster: a host monitor without saved state on each member, and an API that has received nothing yet. */
export class Stage {
  readonly cluster: Cluster;
  readonly monitors: Monitors;
  readonly #rights: Rights;
  readonly #api: RecordingApi;
  readonly #context: TestContext;
  #began = Date.now();

  private constructor(context: TestContext, cluster: Cluster, api: RecordingApi, { rights, host = {} }: StageOptions) {
    this.cluster = cluster;
    this.#context = context;
    this.#api = api;
    this.#rights = rights;
    runs += 1;
    this.monitors = new Monitors(cluster, { rights, run: runs, authUrl: api.authUrl, host });
  }

  /** Resolves when every monitor knows the state of every host. Ends with the test. */
  static async set(context: TestContext, cluster: Cluster, options: StageOptions): Promise<Stage> {
    const stage = new Stage(context, cluster, await RecordingApi.start(cluster), options);
    context.after(() => stage.#stop());
    const members = cluster.nodes.filter(({ isRemote }) => !isRemote).map(({ name }) => name);
    if (options.noMonitors !== true) await stage.monitors.start(members);
    stage.mark();
    return stage;
  }

  /** From here on the time of each notification counts. */
  mark(): void {
    this.#began = Date.now();
  }

  /** Waits until the API has received it: `node3 STOPPED NORMAL from node1`. */
  async notified(notification: string): Promise<void> {
    await this.#until(notification, () => this.#notifications.some((text) => fits(text, notification)));
  }

  /** Nothing has been notified so far. */
  nothing(): void {
    assert.deepEqual(this.#notifications, [], this.monitors.logs);
  }

  /** Waits until the monitors of these nodes have logged it. */
  async logged(names: readonly string[], pattern: RegExp): Promise<void> {
    for (const name of names) {
      await this.#until(`${name} to log ${pattern}`, () => pattern.test(this.monitors.of(name).output));
    }
  }

  /** Waits until `status` of that node shows it. */
  async shown(name: string, pattern: RegExp): Promise<void> {
    await this.#until(`status of ${name} to show ${pattern}`, async () =>
      pattern.test(await this.monitors.status(name)),
    );
  }

  /** Waits until these nodes' monitors know that another one has reported the host. */
  async known(host: string, names: readonly string[]): Promise<void> {
    await this.logged(names, new RegExp(`${host} is down: another host monitor has notified Masakari`));
  }

  /** Waits until the cluster has fenced the node, as another one sees it. */
  async fenced(name: string, on: string): Promise<void> {
    const isDone = (text: string): boolean =>
      new RegExp(`<node name="${name}" [^>]*online="false" [^>]*unclean="false"`).test(text);
    await this.cluster.until(`${name} to be fenced`, on, isDone);
  }

  /**
   * Waits until the cluster fences nobody any more, brings every node back, waits for the rest of these notifications, and checks that
   * each came once, and that there was no other. One without ` from …` may come from any node.
   * @param repeats so many further POSTs may have been refused as repeats (409)
   */
  async end(expected: readonly string[], { repeats = 0 }: { readonly repeats?: number } = {}): Promise<void> {
    await this.cluster.untilFenced();
    await this.cluster.restore();
    for (const notification of expected) await this.notified(notification);
    for (const { text, at } of this.#api.received) {
      this.#context.diagnostic(`${this.#rights}: ${text} after ${((at - this.#began) / 1000).toFixed(1)} s`);
    }
    const received = this.#notifications;
    const isAsExpected = received.every((text, index) => fits(text, expected[index]));
    assert.ok(isAsExpected && received.length === expected.length, `${received.join("\n")}\n${this.monitors.logs}`);
    const refused = this.#api.statuses.filter((status) => status !== 202);
    assert.ok(refused.length <= repeats && refused.every((status) => status === 409), this.monitors.logs);
  }

  get #notifications(): readonly string[] {
    return this.#api.received.map(({ text }) => text);
  }

  /** Waits; what was notified, and what the monitors have logged, is part of the failure. */
  async #until(doing: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
    try {
      await eventually(doing, SLOWEST_MS, async () => (await isSo()) || undefined, 100);
    } catch (cause) {
      const { logs } = this.monitors;
      throw new Error([doing, ...this.#notifications, logs.slice(-SHOWN)].join("\n"), { cause });
    }
  }

  async #stop(): Promise<void> {
    await this.monitors.stop();
    await this.#api.stop();
  }
}
