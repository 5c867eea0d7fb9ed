import type { Tools } from "./tools.ts";

/** The state of this host's pacemaker-controld by crmadmin, or why it is not known. */
export type Controller =
  | { readonly kind: "settled" }
  | {
      readonly kind: "unsettled";
      readonly reason: string;
      /** It is in a state that may last for a moment only, such as an election. */
      readonly mayPass: boolean;
    }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Membership is settled in these. Upstream takes only the first two, and so reports nothing for as long as the designated
 * controller plans or carries out actions, also while it waits for fencing.
 */
const SETTLED: ReadonlySet<string> = new Set(["S_IDLE", "S_NOT_DC", "S_POLICY_ENGINE", "S_TRANSITION_ENGINE"]);
/** s, of crmadmin itself: without it, it spins for ever if no controller answers (2.1.5). */
const ASK_S = 4;
/** By which crmadmin must have ended. */
const LIMIT_MS = 6000;
const OUTPUT_LIMIT = 64 * 1024;

/** @param node as the cluster calls this host, a member */
export async function controllerOf(tools: Tools, node: string, signal: AbortSignal): Promise<Controller> {
  const words = ["crmadmin", "-t", String(ASK_S), "-S", node] as const;
  const result = await tools.run(words, { timeoutMs: LIMIT_MS, outputLimit: OUTPUT_LIMIT }, signal);
  if (result.kind === "denied" || result.kind === "missing") return { kind: "unknown", reason: result.reason };
  if (result.kind !== "output") return { kind: "unsettled", reason: result.reason, mayPass: false };
  const state = /^Controller on \S+ in state (S_[A-Z_]+): ok$/m.exec(result.text)?.[1];
  if (state === undefined) {
    return { kind: "unsettled", reason: "the output of crmadmin is not understood", mayPass: false };
  }
  return SETTLED.has(state)
    ? { kind: "settled" }
    : { kind: "unsettled", reason: `its controller is in state ${state}`, mayPass: true };
}
