import type { HostObservation, Position } from "../driver.ts";
import type { Network } from "./networks.ts";

/** For which combinations of the networks' health a host is to be recovered. */
export interface Matrix {
  /** What the positions of a combination are, in order. */
  readonly sequence: readonly Network[];
  /** The combinations with the action `recovery`, e.g. `up up down`. */
  readonly recovery: ReadonlySet<string>;
}

type Health = "up" | "down";
type PositionState = Position["state"];
export type Verdict = Pick<HostObservation, "state" | "departure">;

export const keyOf = (health: readonly Health[]): string => health.join(" ");

/** Upstream's, for the networks that have an agent: a host is to be recovered exactly when storage is down. */
export function defaultMatrix(networks: readonly Network[]): Matrix {
  const storage = networks.indexOf("storage");
  const recovery = combinations(networks.map(() => "unknown")).filter((health) => health[storage] === "down");
  return { sequence: networks, recovery: new Set(recovery.map(keyOf)) };
}

/**
 * What the matrix makes of a host's positions, in `sequence` order. What has left counts as down. Unknown positions count as what
 * they might be: the state is unknown unless it is the same in every case.
 */
export function judge(matrix: Matrix, positions: readonly PositionState[]): Verdict {
  const states = outcomes(matrix, positions, "down");
  const [state = "unknown", ...others] = states;
  if (others.length > 0) return { state: "unknown" };
  if (state !== "offline") return { state };
  // Where it left it was stopped on purpose; a failure is a crash only if it is reason enough by itself.
  const withoutLeft = outcomes(matrix, positions, "up");
  const isCrash = withoutLeft.length === 1 && withoutLeft[0] === "offline";
  return { state, departure: isCrash ? "crash" : "expected" };
}

/** Whether no failure at all would lead to a recovery, as long as these networks are unknown. */
export function isBlind(matrix: Matrix, unknown: ReadonlySet<Network>): boolean {
  const isUnknown = matrix.sequence.map((network) => unknown.has(network));
  return !combinations(matrix.sequence.map(() => "unknown")).some((health) => {
    const positions = health.map((state, index): PositionState => (isUnknown[index] ? "unknown" : state));
    return judge(matrix, positions).state === "offline";
  });
}

function outcomes(
  matrix: Matrix,
  positions: readonly PositionState[],
  left: Health,
): readonly HostObservation["state"][] {
  const replaced = positions.map((state) => (state === "left" ? left : state));
  return [...new Set(combinations(replaced).map((health) => outcome(matrix, health)))];
}

function outcome({ recovery }: Matrix, health: readonly Health[]): HostObservation["state"] {
  if (!health.includes("down")) return "online";
  return recovery.has(keyOf(health)) ? "offline" : "unstable";
}

/** Every combination in which the unknown positions are up or down. At most eight, as there are three networks. */
export function combinations(positions: readonly (Health | "unknown")[]): readonly (readonly Health[])[] {
  let all: readonly (readonly Health[])[] = [[]];
  for (const state of positions) {
    const choices: readonly Health[] = state === "unknown" ? ["up", "down"] : [state];
    all = all.flatMap((health) => choices.map((choice) => [...health, choice]));
  }
  return all;
}
