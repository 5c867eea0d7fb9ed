import { messageOf } from "../system/message-of.ts";

/** Characters. */
const LONGEST = 500;

/** An observation for a log line. Never throws. */
export function showObservation(observation: unknown): string {
  const text = textOf(observation);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function textOf(observation: unknown): string {
  try {
    return JSON.stringify(observation) ?? String(observation);
  } catch (error) {
    return `an observation that is not JSON (${messageOf(error)})`;
  }
}
