import { type EntryJson, entryToJson } from "./entry-json.ts";
import type { Outbox } from "./outbox.ts";

/** What the command line asks a running monitor of its outbox: memory knows of what no full disk has taken. */
export interface OutboxService {
  /** What is pending; with `all` also what has ended lately. */
  list(all: boolean): readonly EntryJson[];
  /** Ends pending entries. @returns those that it ended */
  drop(ids: readonly string[] | "all", reason: string): readonly EntryJson[];
}

export function outboxService(program: string, outbox: Outbox): OutboxService {
  const shown = (entries: ReturnType<Outbox["list"]>) => entries.map((entry) => entryToJson(program, entry));
  return {
    list: (all) => shown(all ? [...outbox.list(), ...outbox.listEnded()] : outbox.list()),
    drop(ids, reason) {
      const chosen = outbox.list().filter(({ id }) => ids === "all" || ids.includes(id));
      outbox.drop(
        chosen.map(({ id }) => id),
        reason,
      );
      return shown(chosen.map((entry) => ({ ...entry, state: "dropped", reason })));
    },
  };
}
