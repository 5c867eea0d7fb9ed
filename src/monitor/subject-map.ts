/** The value of one key, and its place in the order in which keys were added. */
interface Cell<Value> {
  readonly value: Value;
  readonly place: number;
}

/** What undoes one change: the key's cell before it, undefined if there was none. */
interface Undo<Value> {
  readonly key: string;
  readonly cell: Cell<Value> | undefined;
}

/** A line of versions is ended after so many changes, or as many as there are keys: each holds on to all later ones. */
const LEAST_LINE = 1024;

/**
 * Values by subject: a `ReadonlyMap` of which `set` and `delete` make another version, at the cost of one change however many
 * subjects there are. Older versions stay as they are. It iterates as a `Map` does, in the order in which keys were added.
 *
 * The newest version of a line holds the real `Map`; each older one only what undoes the change after it (Baker's trick). To
 * read an older one copies the map once, so code that goes on from the newest version, as `decide` does, never pays for that.
 *
 * `assert.deepEqual` sees nothing of its contents: compare `[...map]`.
 */
export class SubjectMap<Value> implements ReadonlyMap<string, Value> {
  /** Undefined in an older version, and an empty one, that has not been read. */
  #cells: Map<string, Cell<Value>> | undefined;
  /** The version after one change, and what undoes that; undefined in the newest. */
  #later: SubjectMap<Value> | undefined;
  #undo: Undo<Value> | undefined;
  /** Changes since this line of versions began. */
  #age = 0;
  #places = 0;

  constructor(entries?: Iterable<readonly [string, Value]>) {
    if (entries === undefined) return;
    const cells = new Map<string, Cell<Value>>();
    for (const [key, value] of entries) cells.set(key, { value, place: cells.get(key)?.place ?? this.#places++ });
    this.#cells = cells;
  }

  get size(): number {
    return this.#read().size;
  }

  get(key: string): Value | undefined {
    return this.#read().get(key)?.value;
  }

  has(key: string): boolean {
    return this.#read().has(key);
  }

  /** The same map if it has this very value under the key already. */
  set(key: string, value: Value): SubjectMap<Value> {
    const before = this.#read().get(key);
    if (before !== undefined && before.value === value) return this;
    const later = this.#begin(key, before);
    later.#read().set(key, { value, place: before?.place ?? later.#places++ });
    return later;
  }

  /** The same map if it has no such key. */
  delete(key: string): SubjectMap<Value> {
    const before = this.#read().get(key);
    if (before === undefined) return this;
    const later = this.#begin(key, before);
    later.#read().delete(key);
    return later;
  }

  /**
   * The keys under which this version may have another value, or none, than `before`: all of which that is so, and perhaps some
   * that were changed and changed back. Costs as much as there were changes between the two; in rare cases, and where `before`
   * is no earlier version of this one, as much as there are keys.
   */
  changedSince(before: SubjectMap<Value>): ReadonlySet<string> {
    const changed = new Set<string>();
    let version: SubjectMap<Value> | undefined = before;
    for (; version !== undefined && version !== this; version = version.#later) {
      if (version.#undo !== undefined) changed.add(version.#undo.key);
    }
    return version === this ? changed : this.#difference(before);
  }

  *entries(): MapIterator<[string, Value]> {
    for (const [key, { value }] of this.#each()) yield [key, value];
  }

  *values(): MapIterator<Value> {
    for (const [, { value }] of this.#each()) yield value;
  }

  *keys(): MapIterator<string> {
    for (const [key] of this.#each()) yield key;
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }

  /** This version's contents, also where later ones are made meanwhile. */
  *#each(): Generator<[string, Cell<Value>]> {
    let last = -1;
    for (let cells: Map<string, Cell<Value>> | undefined; cells !== this.#cells || cells === undefined; ) {
      cells = this.#read();
      for (const entry of cells) {
        if (entry[1].place <= last) continue;
        last = entry[1].place;
        yield entry;
        if (this.#cells !== cells) break;
      }
    }
  }

  /** The version after this one, with this one's contents still. */
  #begin(key: string, cell: Cell<Value> | undefined): SubjectMap<Value> {
    const cells = this.#read();
    const later = new SubjectMap<Value>();
    later.#places = this.#places;
    // An empty map is often a constant that lives as long as the program: it must not hold on to what comes after it.
    const isLineOver = cells.size === 0 || this.#age >= Math.max(LEAST_LINE, cells.size);
    if (this.#later !== undefined || isLineOver) {
      later.#cells = new Map(cells);
      return later;
    }
    later.#cells = cells;
    later.#age = this.#age + 1;
    this.#cells = undefined;
    this.#later = later;
    this.#undo = { key, cell };
    return later;
  }

  #read(): Map<string, Cell<Value>> {
    this.#cells ??= this.#copyOfThen();
    return this.#cells;
  }

  /** The contents of this older version, by undoing on a copy what has changed since. */
  #copyOfThen(): Map<string, Cell<Value>> {
    const undos: Undo<Value>[] = [];
    let version: SubjectMap<Value> = this;
    while (version.#cells === undefined && version.#later !== undefined) {
      if (version.#undo !== undefined) undos.push(version.#undo);
      version = version.#later;
    }
    const cells = new Map(version.#cells);
    let isInOrder = true;
    for (const { key, cell } of undos.reverse()) {
      if (cell === undefined) cells.delete(key);
      else {
        // What was deleted since comes last now.
        isInOrder &&= cells.has(key);
        cells.set(key, cell);
      }
    }
    return isInOrder ? cells : new Map([...cells].sort(([, one], [, other]) => one.place - other.place));
  }

  #difference(before: SubjectMap<Value>): ReadonlySet<string> {
    const [earlier, now] = [before.#read(), this.#read()];
    const changed = new Set<string>();
    for (const [key, cell] of now) if (earlier.get(key)?.value !== cell.value || !earlier.has(key)) changed.add(key);
    for (const key of earlier.keys()) if (!now.has(key)) changed.add(key);
    return changed;
  }
}
