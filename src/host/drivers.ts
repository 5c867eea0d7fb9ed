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
};

/** `[host] monitoring_driver` cannot be used; the message gives the reason. */
export class DriverError extends Error {
  readonly code = "HOST_DRIVER";
}

/**
 * @param name one of the drivers' names, or the path of a module that exports `createDriver`; it and the directories above it must be
 * root's or this user's own, and writable for nobody else, as it runs with all rights of this program
 * @throws DriverError
 */
export async function openDriver(name: string, parts: DriverParts): Promise<HostDriver> {
  const builtIn = Object.hasOwn(drivers, name) ? drivers[name] : undefined;
  return (await (builtIn?.() ?? importModule(name))).createDriver(parts);
}

async function importModule(path: string): Promise<DriverModule> {
  const option = `[host] monitoring_driver = ${path}`;
  if (!isAbsolute(path)) {
    throw new DriverError(`${option}: is none of ${Object.keys(drivers).join(", ")}, nor an absolute path of a module`);
  }
  const distrust = distrustPath(path);
  if (distrust !== undefined) {
    throw new DriverError(`${option}: not loaded, other users could change it: ${distrust.reason}`);
  }
  const loaded = await importFile(path, option);
  if (typeof loaded.createDriver !== "function") {
    throw new DriverError(`${option}: the module exports no function createDriver`);
  }
  return loaded as DriverModule;
}

async function importFile(path: string, option: string): Promise<Partial<DriverModule>> {
  try {
    return (await import(pathToFileURL(path).href)) as Partial<DriverModule>;
  } catch (cause) {
    throw new DriverError(`${option}: cannot be loaded: ${(cause as Error).message}`, { cause });
  }
}
