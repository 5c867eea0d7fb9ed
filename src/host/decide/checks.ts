import type { Loss } from "../state.ts";
import type { Context } from "./context.ts";

/**
 * The keys by which the checks of a lost host are cancelled. The loop ignores what a cancelled check finds: so each is cancelled
 * where it is forgotten, and what is observed of a check is always of the one that the loss waits for.
 */
export const checkKeys = (name: string) => ({ power: `power:${name}`, witness: `witness:${name}`, api: `api:${name}` });

/** The loss without the checks of it at Masakari and Nova: those under way are cancelled, the results of the others are forgotten. */
export function withoutResults(name: string, loss: Loss, context: Context): Loss {
  const { api, witness } = loss;
  if (api === undefined && witness === undefined) return loss;
  const keys = checkKeys(name);
  if (api !== undefined && api.result === undefined) context.cancel(keys.api);
  if (witness !== undefined && witness.result === undefined) context.cancel(keys.witness);
  return { ...loss, api: undefined, witness: undefined };
}

/** The loss without any check of it, under way or ended: each begins anew when it is needed. */
export function withoutChecks(name: string, loss: Loss, context: Context): Loss {
  const { proof, power } = loss;
  if (power.isUnderWay) context.cancel(checkKeys(name).power);
  return {
    ...withoutResults(name, loss, context),
    proof: proof?.by === "power" ? undefined : proof,
    power: { ...power, isUnderWay: false },
  };
}
