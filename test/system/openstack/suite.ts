import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, type TestContext } from "node:test";
import { Rig, type RigOptions } from "../../support/process-monitor.ts";
import type { Host } from "./masakari-api.ts";
import { missingPackages } from "./packages.ts";
import { enterOpenStack } from "./shared.ts";
import type { Site } from "./site.ts";

/** A host that is registered with Masakari, and the monitor to be run on it. */
export interface Scene {
  readonly site: Site;
  readonly host: Host;
  readonly rig: Rig;
}

export interface SceneOptions extends Omit<RigOptions, "hostname" | "api"> {
  /** Changes to the `[api]` section. */
  readonly api?: Readonly<Record<string, string>>;
  /** Whether the host's segment recovers, so that the engine puts the host on maintenance (default: it does not). */
  readonly recovery?: boolean;
}

export type SetScene = (context: TestContext, options?: SceneOptions) => Promise<Scene>;

/**
 * A `describe` whose tests have a real OpenStack, one after the other; skipped, with the reason, where it is not
 * installed. What a test sets up is taken down after it, and what the monitor and the servers logged is shown if it fails.
 */
export async function describeWithOpenStack(name: string, define: (setScene: SetScene) => void): Promise<void> {
  const skip = await missingPackages();
  describe(name, { skip }, () => {
    let site: Site | undefined;
    before(async () => {
      site = await enterOpenStack();
    });
    after(async () => {
      await site?.close();
    });
    define(async (context, options = {}) => {
      if (site === undefined) throw new Error("the servers are not up");
      return await setScene(context, site, options);
    });
  });
}

async function setScene(context: TestContext, site: Site, options: SceneOptions): Promise<Scene> {
  const { api = {}, recovery = false, ...rest } = options;
  const host = await site.masakariApi.registerHost(`host-${randomUUID().slice(0, 8)}`, recovery);
  const rig = await Rig.create({ ...rest, hostname: host.name, api: site.apiSection(api) });
  context.after(async () => {
    await rig.close();
    await restore(site);
    // Each monitor's check beforehand reads the segments until it finds its host.
    await site.masakariApi.deleteSegment(host);
    // Node has it since 21.7, its types do not.
    if ((context as TestContext & { readonly passed?: boolean }).passed) return;
    context.diagnostic(`the monitor's output:\n${rig.output}`);
    for (const file of site.address.logFiles) {
      const noted = readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => /CRITICAL|status: [45]/.test(line));
      if (noted.length > 0) context.diagnostic(`of ${file}:\n${noted.slice(-15).join("\n")}`);
    }
  });
  return { site, host, rig };
}

/** A test that failed half-way must not leave its misbehaving proxies to the next one. */
async function restore(site: Site): Promise<void> {
  for (const proxy of [site.keystone, site.masakari]) await proxy.reset();
}
