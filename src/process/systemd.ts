import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import { type CommandResult, runCommand } from "../system/exec.ts";
import { defectLine } from "../system/guard.ts";
import type { Logger } from "../system/log.ts";
import type { SystemdStatus, UnitState } from "./observation.ts";
import { parseUnits, UNIT_PROPERTIES } from "./unit-properties.ts";

const SYSTEMD: ConditionKind = {
  name: "systemd",
  consequence: "systemd cannot be asked, so its restarts and a shutdown of the host look like failures",
};

/** systemctl's own time-out is 25 s or more. */
const TIMEOUT_MS = 5000;
/** Units per command: what it writes must fit into what is kept of a command's output. */
const UNITS_AT_ONCE = 32;
const SYSTEM_STATES = new Set(["initializing", "starting", "running", "degraded", "maintenance", "stopping"]);

/**
 * @param marker what systemd makes when it boots a host (sd_booted(3))
 * @returns why systemd cannot be queried from here; undefined if it can. Kolla's containers have no systemctl.
 */
export function whyNoSystemd(path = process.env.PATH ?? "", marker = "/run/systemd/system"): string | undefined {
  if (!existsSync(marker)) return `there is no ${marker}`;
  const isThere = path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, "systemctl"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return isThere ? undefined : "there is no systemctl in PATH";
}

export interface SystemdParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly conditions?: Conditions | undefined;
  /** Called with the pid of each systemctl once it runs, and again when it has ended. */
  readonly onStart: (pid: number) => void;
  readonly onEnd: (pid: number) => void;
}

type Resolve = (status: SystemdStatus | undefined) => void;

/** Asks systemd by systemctl. One question at a time: what is asked meanwhile goes into the next one together. */
export class Systemd {
  readonly #parts: SystemdParts;
  #waiting: { readonly unit: string | undefined; readonly resolve: Resolve }[] = [];
  #asking = false;

  constructor(parts: SystemdParts) {
    this.#parts = parts;
  }

  /** Resolves within seconds; undefined if systemd does not answer. Never rejects. */
  ask(unit: string | undefined, signal: AbortSignal): Promise<SystemdStatus | undefined> {
    const { promise, resolve } = Promise.withResolvers<SystemdStatus | undefined>();
    this.#waiting.push({ unit, resolve });
    if (!this.#asking) {
      this.#asking = true;
      // What is decided together is asked together.
      setImmediate(() => void this.#askAll(signal).catch((error: unknown) => this.#onDefect(error)));
    }
    return promise;
  }

  async #askAll(signal: AbortSignal): Promise<void> {
    while (this.#waiting.length > 0) {
      const asked = [...this.#waiting];
      const names = [...new Set(asked.flatMap(({ unit }) => unit ?? []))];
      const [system, units] = await Promise.all([this.#systemState(signal), this.#units(names, signal)]);
      for (const { unit, resolve } of asked) {
        const known = unit === undefined ? undefined : units.get(unit);
        resolve(system === undefined ? undefined : { system, unit: known });
      }
      this.#waiting.splice(0, asked.length);
    }
    this.#asking = false;
  }

  #onDefect(error: unknown): void {
    this.#asking = false;
    const asked = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of asked) resolve(undefined);
    this.#parts.log.error(defectLine("asking systemd", error));
  }

  async #systemState(signal: AbortSignal): Promise<string | undefined> {
    const result = await this.#systemctl("is-system-running", signal);
    // Its exit status is not 0 for any state but `running`.
    const state = result.stdout.text.trim();
    const known = SYSTEM_STATES.has(state);
    if (!signal.aborted) this.#remember(known ? undefined : `systemctl ${result.summary}: ${lastLine(result)}`);
    return known ? state : undefined;
  }

  async #units(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, UnitState>> {
    const known = new Map<string, UnitState>();
    for (let first = 0; first < names.length; first += UNITS_AT_ONCE) {
      const some = names.slice(first, first + UNITS_AT_ONCE);
      const found = (await this.#show(some, signal)) ?? (await this.#showSingly(some, signal));
      some.forEach((name, index) => {
        const unit = found[index];
        if (unit) known.set(name, unit);
      });
    }
    return known;
  }

  async #show(names: readonly string[], signal: AbortSignal): Promise<readonly (UnitState | undefined)[] | undefined> {
    const result = await this.#systemctl(`show --property=${UNIT_PROPERTIES.join()} -- ${names.join(" ")}`, signal);
    const units = parseUnits(result.stdout.text);
    return units.length === names.length ? units : undefined;
  }

  /** A name that systemd refuses must not hide the others. */
  async #showSingly(names: readonly string[], signal: AbortSignal): Promise<readonly (UnitState | undefined)[]> {
    if (names.length === 1) return [];
    const found: (UnitState | undefined)[] = [];
    for (const name of names) found.push((await this.#show([name], signal))?.[0]);
    return found;
  }

  #systemctl(command: string, signal: AbortSignal): Promise<CommandResult> {
    const { clock, onStart, onEnd } = this.#parts;
    return runCommand(
      `systemctl --no-pager ${command}`,
      { asRoot: false, timeoutMs: TIMEOUT_MS, clock, onStart, onEnd },
      signal,
    );
  }

  #remember(problem: string | undefined): void {
    const { log, conditions } = this.#parts;
    const before = conditions?.all.get(SYSTEMD.name)?.problem;
    if (problem !== undefined && before === undefined) log.warning(`systemd does not answer: ${problem}`);
    if (problem === undefined && before !== undefined) log.info("systemd answers again");
    conditions?.set(SYSTEMD, problem);
  }
}

function lastLine({ stdout, stderr }: CommandResult): string {
  return (stderr.text.trim() || stdout.text.trim()).split("\n").at(-1) ?? "";
}
