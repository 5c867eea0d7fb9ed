import type { Entry } from "./entry.ts";
import { type EntryJson, entryToJson } from "./entry-json.ts";
import type { Outbox } from "./outbox.ts";
import type { Trail } from "./trails.ts";

/** What the command line asks a running monitor of its outbox: memory knows of what no full disk has taken. */
export interface OutboxService {
  /** What is pending; with `all` also what has ended lately. */
  list(all: boolean): readonly EntryJson[];
  /** Ends pending entries. @returns those that it ended */
  drop(ids: readonly string[] | "all", reason: string): readonly EntryJson[];
  /** What was put in last and is pending, or else has ended last, with the times that only this run knows. */
  last(): { readonly entry: Entry; readonly trail: Trail } | undefined;
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
    last() {
      const entry = newest(outbox.list()) ?? newest(outbox.listEnded());
      return entry && { entry, trail: outbox.trails.get(entry.id) };
    },
  };
}

const newest = (entries: readonly Entry[]): Entry | undefined =>
  entries.reduce<Entry | undefined>(
    (newer, entry) => (newer === undefined || entry.created.wall > newer.created.wall ? entry : newer),
    undefined,
  );
