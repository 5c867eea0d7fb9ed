/**
 * Two recordings of the same story differ in what was drawn at random: ids, audit ids, times of storing, ports.
 * One side of the comparison names these by the order in which they first appear.
 */
export class Side {
  readonly #names = new Map<string, string>();

  /** The text with everything random replaced by its name. */
  normalise(text: string): string {
    return text
      .replace(/"(created_at|updated_at|issued_at|expires_at)": ?"[^"]+"/g, '"$1": "<time>"')
      .replace(/"audit_ids": ?\[[^\]]*\]/g, (list) => `"audit_ids": <${list.split(",").length}>`)
      .replace(/127\.0\.0\.1:\d+/g, "<host>")
      .replace(idPattern, (id) => this.#name(id));
  }

  /** This side's id for the other side's, or the other's own if it never came up. */
  translate(text: string, other: Side): string {
    const mine = new Map([...this.#names].map(([id, name]) => [name, id]));
    return text.replace(idPattern, (id) => {
      const name = other.#names.get(withDashes(id)) ?? other.#names.get(id);
      const found = name === undefined ? undefined : mine.get(name);
      if (found === undefined) return id;
      return id.includes("-") ? found : found.replaceAll("-", "");
    });
  }

  #name(id: string): string {
    const key = this.#names.has(withDashes(id)) ? withDashes(id) : id;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = `<id ${this.#names.size + 1}>`;
    this.#names.set(key, name);
    return name;
  }
}

const idPattern = /\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b/g;

function withDashes(id: string): string {
  return id.replace(/^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$/, "$1-$2-$3-$4-$5");
}
