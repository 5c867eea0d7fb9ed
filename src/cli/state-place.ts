import { accessSync, constants, existsSync, mkdtempSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { defaultTable } from "../config/tables/default.ts";
import { distrustPath } from "../config/trust.ts";
import { lockHolder } from "../notify/state-lock.ts";
import { isContainerLayer, isRunOfHost } from "../system/container-layer.ts";
import { nodeCrypto } from "../system/node-crypto.ts";
import { makeDirectory } from "../system/private-file.ts";

/** What decides where state may be kept. */
export interface StateEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly uid: number;
}

/** Where a program keeps its state. */
export interface StatePlace {
  readonly path: string;
  /** Why that is not `[DEFAULT] state_path`, what will be lost when, and what to do; undefined if it is. */
  readonly problem: string | undefined;
}

export const stateEnvironment = (): StateEnvironment => ({
  env: process.env,
  homeDir: homedir(),
  uid: process.geteuid?.() ?? 0,
});

interface Fallback {
  readonly path: string;
  /** Whether it outlives a reboot. */
  readonly isLasting: boolean;
}

const DEFAULT_STATE_PATH = defaultTable.options.state_path.default;
const MEMORY = "/dev/shm";
const NAME = "masakarimonitors";

/** A directory that has another name for each `state_path`, so that programs of different configurations do not meet in it. */
const nameFor = (statePath: string): string =>
  statePath === DEFAULT_STATE_PATH
    ? NAME
    : `${NAME}-${nodeCrypto().createHash("sha256").update(statePath).digest("hex").slice(0, 8)}`;

/** In their order: what systemd has made for the unit, the XDG Base Directory of the user, then what a reboot empties. */
function fallbacks(statePath: string, { env, homeDir, uid }: StateEnvironment): readonly Fallback[] {
  const name = nameFor(statePath);
  const lasting = [
    ...(env.STATE_DIRECTORY ?? "").split(":").filter((path) => path.startsWith("/")),
    ...(env.XDG_STATE_HOME?.startsWith("/") ? [join(env.XDG_STATE_HOME, name)] : []),
  ];
  return [
    ...lasting.map((path) => ({ path, isLasting: true })),
    { path: join("/run", name), isLasting: false },
    { path: join(homeDir, ".local/state", name), isLasting: true },
    { path: join(MEMORY, `${name}-${uid}`), isLasting: false },
  ];
}

/** Where to look for the state of programs that could not have `state_path`: what this user may read of it. */
export function fallbackPlaces(statePath: string, environment: StateEnvironment): readonly string[] {
  const others = fallbacks(statePath, environment).map(({ path }) => path);
  return [...new Set(others)].filter((path) => path !== statePath && isReadable(path));
}

/** The place of a program that runs; `state_path` if none does. */
export function placeInUse(statePath: string, program: string): string {
  const places = [statePath, ...fallbackPlaces(statePath, stateEnvironment())];
  return places.find((place) => lockHolder(place, program) !== undefined) ?? statePath;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Chooses where to keep state, and makes it: `state_path`, or what else there is if that cannot be had or relied on. A `state_path` that
 * somebody has set is theirs, in a container too; the default one is meant to be a volume there.
 * @param onLayer whether a directory is lost with the container that this runs in
 * @throws the system's error if there is no place at all
 */
export function chooseStatePlace(
  statePath: string,
  environment: StateEnvironment,
  onLayer: (path: string) => boolean = (path) => isContainerLayer(path, environment.env),
): StatePlace {
  const why = whyUnusable(statePath);
  if (why === undefined) {
    if (statePath !== DEFAULT_STATE_PATH || !onLayer(statePath)) return { path: statePath, problem: undefined };
    return placeWithoutVolume(statePath, environment, onLayer);
  }
  const refused = `${statePath} ([DEFAULT] state_path) is not used: ${why}`;
  const remedy = "Give this program's user a state_path of its own that nobody else may write to, and restart";
  const other = fallbacks(statePath, environment).find(({ path }) => whyUnusable(path) === undefined);
  const { path, until } = other === undefined ? lastResort() : { path: other.path, until: lossOf(other, onLayer) };
  return { path, problem: `${refused}; ${keptIn(path, until)}. ${remedy}` };
}

/** Each start in a pod is a new container; the host's `/run`, where the chart mounts it, outlives them all. */
function placeWithoutVolume(
  statePath: string,
  environment: StateEnvironment,
  onLayer: (path: string) => boolean,
): StatePlace {
  const run = fallbacks(statePath, environment).find(({ path }) => path.startsWith("/run/"));
  const isPod = environment.env.KUBERNETES_SERVICE_HOST !== undefined;
  const useRun = isPod && run !== undefined && isRunOfHost() && whyUnusable(run.path) === undefined;
  const used = useRun ? run : { path: statePath, isLasting: true };
  const refused = `no volume is mounted at ${statePath} ([DEFAULT] state_path)`;
  const remedy = `Mount a volume that outlives the container at ${statePath}, and restart`;
  return { path: used.path, problem: `${refused}; ${keptIn(used.path, lossOf(used, onLayer))}. ${remedy}` };
}

const keptIn = (path: string, until: string): string =>
  `undelivered notifications and what this monitor knows are kept in ${path} ${until}`;

function lossOf({ path, isLasting }: Fallback, onLayer: (path: string) => boolean): string {
  if (onLayer(path)) return "until the container is replaced, which loses them";
  return isLasting ? "until somebody removes that directory" : "until the next reboot, which loses them";
}

/** Where sockets can be while the disk of `state_path` hangs: in memory. @throws the system's error if there is no place */
export function placeInMemory(statePath: string, environment: StateEnvironment): string {
  const places = fallbacks(statePath, environment).filter(({ isLasting }) => !isLasting);
  return places.find(({ path }) => whyUnusable(path) === undefined)?.path ?? lastResort().path;
}

/** Others may have taken every name that they know: a random one is left. @throws the system's error */
function lastResort(): { readonly path: string; readonly until: string } {
  const until = "until this program stops, which loses them; `status` and `outbox` will not find it";
  return { path: mkdtempSync(join(MEMORY, `${NAME}-`)), until };
}

/** A full or read-only disk is no reason: what earlier runs have left is there, and it may be writable again. */
function whyUnusable(path: string): string | undefined {
  try {
    const problem = distrustPath(path)?.reason;
    if (problem !== undefined) return problem;
    makeDirectory(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "EROFS" && existsSync(path) ? undefined : message;
  }
}
