import btree from "sorted-btree";

interface Place {
  readonly at: number;
  readonly subject: string;
}

const BTree = btree.default;
/** No id contains a greater code unit. */
const BEYOND_ALL = "\uffff";

/**
 * Subjects in the order of a number, such as when they are due, as an immutable value: `with` and `without` return another one,
 * in a time that grows with the logarithm of the number of subjects.
 */
export class SubjectOrder {
  static readonly empty: SubjectOrder = new SubjectOrder(new BTree<Place, undefined>(undefined, compare));
  readonly #tree: btree.default<Place, undefined>;

  private constructor(tree: btree.default<Place, undefined>) {
    this.#tree = tree;
  }

  get size(): number {
    return this.#tree.size;
  }

  with(subject: string, at: number): SubjectOrder {
    return new SubjectOrder(this.#tree.with({ at, subject }, undefined));
  }

  /** @param at as it was given to `with` */
  without(subject: string, at: number): SubjectOrder {
    return new SubjectOrder(this.#tree.without({ at, subject }));
  }

  /** All of them, in order. */
  places(): readonly (readonly [subject: string, at: number])[] {
    return this.#tree.keysArray().map(({ subject, at }) => [subject, at]);
  }

  first(): Place | undefined {
    return this.#tree.minKey();
  }

  /** The first one with a greater number than `at`. */
  firstAfter(at: number): Place | undefined {
    const first = this.first();
    if (first === undefined || first.at > at) return first;
    return this.#tree.nextHigherKey({ at, subject: BEYOND_ALL });
  }

  /** The first `count` subjects, or all. */
  take(count = Number.POSITIVE_INFINITY): readonly string[] {
    const subjects: string[] = [];
    if (count > 0)
      this.#tree.forEachPair(({ subject }) => (subjects.push(subject) < count ? undefined : { break: true }));
    return subjects;
  }
}

function compare(one: Place, other: Place): number {
  if (one.at !== other.at) return one.at - other.at;
  return one.subject < other.subject ? -1 : one.subject > other.subject ? 1 : 0;
}
