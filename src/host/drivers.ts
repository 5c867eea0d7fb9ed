import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { distrustPath } from "../config/trust.ts";
import type { DriverModule, DriverParts, HostDriver } from "./driver.ts";

/** The drivers, by the value of `[host] monitoring_driver`. What a run does not use, it does not load. */
const drivers: Readonly<Record<string, () => Promise<DriverModule>>> = {
  default: () => import("./pacemaker/driver.ts"),
  /** Upstream's other name of it. */
  simple: () => import("./pacemaker/driver.ts"),
  kubernetes: () => import("./kubernetes/driver.ts"),
  consul: () => import("./consul/driver.ts"),
};

/** What a module of an operator's own may take to load, ms. */
const LOAD_MS = 10_000;

/** `[host] monitoring_driver` cannot be used; the message gives the reason. */
export class DriverError extends Error {
  readonly code = "HOST_DRIVER";
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`[host] monitoring_driver: ${reason}`, options);
    this.reason = reason;
  }
}

/** Whether a driver may distinguish remote nodes from members, as Pacemaker's does. */
export function hasRemotes(name: string): boolean {
  return name !== "consul" && name !== "kubernetes";
}

/**
 * @param name as for `loadDriver`
 * @throws DriverError
 */
export async function openDriver(name: string, parts: DriverParts): Promise<HostDriver> {
  return (await loadDriver(name)).createDriver(parts);
}

/**
 * The driver's module, which runs nothing yet.
 * @param name one of the drivers' names, or the path of a module that exports `createDriver`; it and the directories above it must be
 * root's or this user's own, and writable for nobody else, as it runs with all rights of this program
 * @throws DriverError
 */
export async function loadDriver(name: string): Promise<DriverModule> {
  const builtIn = Object.hasOwn(drivers, name) ? drivers[name] : undefined;
  return await (builtIn?.() ?? importModule(name));
}

async function importModule(path: string): Promise<DriverModule> {
  if (!isAbsolute(path)) {
    throw new DriverError(
      `is not one of ${Object.keys(drivers).join(", ")}, nor the absolute path of a module: ${path}`,
    );
  }
  if (!existsSync(path)) throw new DriverError(`there is no file ${path}`);
  const distrust = distrustPath(path);
  if (distrust !== undefined) {
    throw new DriverError(`${path} is not loaded, because other users could change it: ${distrust.reason}`);
  }
  const loaded = await importFile(path);
  if (typeof loaded.createDriver !== "function") {
    throw new DriverError(`the module ${path} exports no function createDriver`);
  }
  return loaded as DriverModule;
}

async function importFile(path: string): Promise<Partial<DriverModule>> {
  const importing = import(pathToFileURL(path).href) as Promise<Partial<DriverModule>>;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`its top level has not finished after ${LOAD_MS / 1000} s`)),
    LOAD_MS,
  );
  try {
    return await Promise.race([importing, late]);
  } catch (cause) {
    const hint = path.endsWith(".ts") ? "; installed programs load JavaScript only, so strip its types" : "";
    throw new DriverError(`${path} cannot be loaded: ${(cause as Error).message}${hint}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
