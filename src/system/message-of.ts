/** What was thrown, as a phrase for a log line. Anything may be thrown; this never throws itself. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return "something without a text was thrown";
  }
}
