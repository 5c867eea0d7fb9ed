/** Characters. */
const LONGEST = 500;

/** An observation for a log line. */
export function showObservation(observation: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(observation) ?? String(observation);
  } catch {
    text = String(observation);
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
