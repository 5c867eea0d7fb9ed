import type { Store } from "../notify/store.ts";
import type { Monitor } from "./contract.ts";
import type { Keep, Saved } from "./kept.ts";

/** The JSON texts to be saved by their keys in the store; undefined: the row is to be deleted. */
export type Rows = ReadonlyMap<string, string | undefined>;

/** Which rows in the store a monitor's state is: one under its name, and `NAME/MAP/SUBJECT` for each value of its kept maps. */
export class StateRows<State> {
  readonly #name: string;
  readonly #keep: Keep<State>;
  readonly #store: Pick<Store, "saved" | "savedUnder">;

  constructor(
    { name, kept }: Pick<Monitor<State, never, never>, "name" | "kept">,
    store: Pick<Store, "saved" | "savedUnder">,
  ) {
    this.#name = name;
    this.#keep = kept ?? { rest: (state) => state };
    this.#store = store;
  }

  /** What an earlier run kept, undefined if that is nothing. @throws SyntaxError if it is no JSON */
  read(): Saved | undefined {
    const rest = this.#store.saved(this.#name);
    if (rest === undefined) return undefined;
    const maps: Record<string, Map<string, unknown>> = {};
    for (const [key, json] of this.#store.savedUnder(this.#prefix())) {
      const [map = "", ...subject] = key.slice(this.#prefix().length).split("/");
      maps[map] ??= new Map();
      maps[map].set(subject.join("/"), JSON.parse(json));
    }
    return { rest: JSON.parse(rest), maps };
  }

  /** What of the store has to change so that it holds this state, whatever it holds now. */
  differing(state: State): Rows {
    const rows = new Map<string, string | undefined>();
    for (const [key] of this.#store.savedUnder(this.#prefix())) rows.set(key, undefined);
    for (const [name, { map, each }] of this.#maps()) {
      for (const [subject, value] of map(state)) rows.set(this.#key(name, subject), textOf(each(value, subject)));
    }
    return this.#withRest(rows, state);
  }

  /** What has to change so that the store, which holds `before`, holds `state`: as much work as there are changes between. */
  changed(before: State, state: State): Rows {
    const rows = new Map<string, string | undefined>();
    if (before === state) return rows;
    for (const [name, { map, each }] of this.#maps()) {
      const now = map(state);
      for (const subject of now.changedSince(map(before))) {
        const json = now.has(subject) ? textOf(each(now.get(subject), subject)) : undefined;
        rows.set(this.#key(name, subject), json);
      }
    }
    return this.#withRest(rows, state);
  }

  #withRest(rows: Map<string, string | undefined>, state: State): Rows {
    rows.set(this.#name, textOf(this.#keep.rest(state)));
    for (const [key, json] of rows) if (json === this.#store.saved(key)) rows.delete(key);
    return rows;
  }

  #maps() {
    return Object.entries(this.#keep.maps ?? {});
  }

  #prefix(): string {
    return `${this.#name}/`;
  }

  #key(map: string, subject: string): string {
    return `${this.#prefix()}${map}/${subject}`;
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
