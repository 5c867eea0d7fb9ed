import type { Store } from "../notify/store.ts";
import type { Monitor } from "./contract.ts";
import type { Keep, OfEach, Saved } from "./kept.ts";

/** The JSON texts to be saved by their keys in the store; undefined: the row is to be deleted. */
export type Rows = ReadonlyMap<string, string | undefined>;

/** Which rows in the store a monitor's state is: one under its name, and `NAME/MAP/SUBJECT` for each value of its kept maps. */
export class StateRows<State> {
  readonly #name: string;
  readonly #keep: Keep<State>;
  /** Each with the beginning of its rows' keys. */
  readonly #maps: readonly (OfEach<State, unknown> & { readonly prefix: string })[];
  readonly #store: Pick<Store, "saved" | "savedUnder">;

  constructor(
    { name, kept }: Pick<Monitor<State, never, never>, "name" | "kept">,
    store: Pick<Store, "saved" | "savedUnder">,
  ) {
    this.#name = name;
    this.#keep = kept ?? { rest: (state) => state };
    const maps = Object.entries(this.#keep.maps ?? {});
    this.#maps = maps.map(([map, { map: of, each }]) => ({ map: of, each, prefix: `${name}/${map}/` }));
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
    for (const { map, each, prefix } of this.#maps) {
      for (const [subject, value] of map(state)) rows.set(prefix + subject, textOf(each(value, subject)));
    }
    rows.set(this.#name, textOf(this.#keep.rest(state)));
    for (const [key, json] of rows) if (json === this.#store.saved(key)) rows.delete(key);
    return rows;
  }

  /** What has to change so that the store, which holds `before`, holds `state`: as much work as there are changes between. */
  changed(before: State, state: State): Rows {
    const rows = new Map<string, string | undefined>();
    if (before === state) return rows;
    for (const { map, each, prefix } of this.#maps) {
      const [now, then] = [map(state), map(before)];
      if (now === then) continue;
      for (const subject of now.changedSince(then)) {
        const json = now.has(subject) ? textOf(each(now.get(subject), subject)) : undefined;
        this.#setIfOther(rows, prefix + subject, json);
      }
    }
    this.#setIfOther(rows, this.#name, textOf(this.#keep.rest(state)));
    return rows;
  }

  #setIfOther(rows: Map<string, string | undefined>, key: string, json: string | undefined): void {
    if (json !== this.#store.saved(key)) rows.set(key, json);
  }

  #prefix(): string {
    return `${this.#name}/`;
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
