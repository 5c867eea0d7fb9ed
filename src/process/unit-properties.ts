import type { UnitState } from "./observation.ts";

/** What `systemctl show` is asked for; `Id` begins no block, systemctl orders them as it likes. */
export const UNIT_PROPERTIES = [
  "LoadState",
  "ActiveState",
  "Result",
  "Job",
  "MainPID",
  "ExecMainStartTimestampMonotonic",
  "ExecMainExitTimestampMonotonic",
  "ActiveExitTimestampMonotonic",
  "TimeoutStartUSec",
  "TimeoutStopUSec",
] as const;

/** ms, by the names of systemd.time(7); `systemctl show` writes no others. */
const MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  month: 2_629_800_000,
  y: 31_557_600_000,
};

/**
 * The units in what `systemctl show` has written, in the order in which they were asked for: undefined for one that is not loaded.
 * A block for each, with an empty line between (systemctl(1)).
 */
export function parseUnits(text: string): readonly (UnitState | undefined)[] {
  return text
    .split("\n\n")
    .filter((block) => block.trim() !== "")
    .map(parseUnit);
}

function parseUnit(block: string): UnitState | undefined {
  const values = new Map(
    block.split("\n").flatMap((line) => {
      const equals = line.indexOf("=");
      return equals < 0 ? [] : [[line.slice(0, equals), line.slice(equals + 1).trim()] as const];
    }),
  );
  const get = (name: (typeof UNIT_PROPERTIES)[number]): string => values.get(name) ?? "";
  if (get("LoadState") !== "loaded") return undefined;
  const ms = (name: (typeof UNIT_PROPERTIES)[number]): number => Number(get(name) || 0) / 1000;
  return {
    active: get("ActiveState"),
    result: get("Result"),
    job: Number(get("Job") || 0) > 0,
    mainPid: Number(get("MainPID") || 0),
    mainStarted: ms("ExecMainStartTimestampMonotonic"),
    mainExited: ms("ExecMainExitTimestampMonotonic"),
    activeExited: ms("ActiveExitTimestampMonotonic"),
    timeoutsMs: timeSpanMs(get("TimeoutStartUSec")) + timeSpanMs(get("TimeoutStopUSec")),
  };
}

/** `1min 30s`, `infinity`. @returns ms; 0 for what is no time span */
export function timeSpanMs(text: string): number {
  if (text === "infinity") return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const [, amount, unit = ""] of text.matchAll(/([\d.]+)([a-z]+)/g)) sum += Number(amount) * (MS[unit] ?? 0);
  return Number.isFinite(sum) ? sum : 0;
}
