import type { ProcessEntry } from "../config/process-entry.ts";

/** One key per entry: its name, with a number behind it where the list holds the name more than once. */
export function keyed(
  entries: readonly ProcessEntry[],
): readonly { readonly key: string; readonly entry: ProcessEntry }[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const count = (seen.get(entry.process_name) ?? 0) + 1;
    seen.set(entry.process_name, count);
    return { key: count === 1 ? entry.process_name : `${entry.process_name}#${count}`, entry };
  });
}
