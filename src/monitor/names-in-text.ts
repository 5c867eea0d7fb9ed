/** What ends a word in a line of the log. */
const BETWEEN = /[\s(),;:"]/;
const WORDS = /[^\s(),;:"]+/g;

/** Whether a name stands in a text at this place, and no word goes on after it. */
const standsAt = (text: string, name: string, at: number): boolean =>
  text.startsWith(name, at) && (at + name.length === text.length || BETWEEN.test(text.charAt(at + name.length)));

/** Which of many names a text has as whole words. A name may be several: `/usr/bin/python3 /usr/bin/nova-compute`. */
export class NamesInText<Value> {
  readonly #words = new Map<string, Value>();
  /** Those of several words, by the first. */
  readonly #longer = new Map<string, Map<string, Value>>();

  get(name: string): Value | undefined {
    const first = firstWord(name);
    return first === undefined ? this.#words.get(name) : this.#longer.get(first)?.get(name);
  }

  set(name: string, value: Value): void {
    const first = firstWord(name);
    if (first === undefined) {
      this.#words.set(name, value);
      return;
    }
    const others = this.#longer.get(first) ?? new Map<string, Value>();
    this.#longer.set(first, others.set(name, value));
  }

  delete(name: string): void {
    const first = firstWord(name);
    if (first === undefined) {
      this.#words.delete(name);
      return;
    }
    const others = this.#longer.get(first);
    others?.delete(name);
    if (others?.size === 0) this.#longer.delete(first);
  }

  /** The value of the first name in the text; of two that begin in the same place the longer one's. */
  firstIn(text: string): Value | undefined {
    for (const { 0: word, index } of text.matchAll(WORDS)) {
      let longest: { readonly name: string; readonly value: Value } | undefined;
      for (const [name, value] of this.#longer.get(word) ?? []) {
        if (name.length > (longest?.name.length ?? 0) && standsAt(text, name, index)) longest = { name, value };
      }
      const value = longest === undefined ? this.#words.get(word) : longest.value;
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

/** Undefined if the name is one word. One that begins with no word stands in no text. */
function firstWord(name: string): string | undefined {
  const end = name.search(BETWEEN);
  return end < 0 ? undefined : name.slice(0, end);
}
