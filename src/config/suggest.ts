/** Edits (insert, delete, replace, swap of neighbours) between two short strings. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** Longer names are no slips of the pen, and comparing them takes time. Characters. */
const MAX_NAME_LENGTH = 60;
const SEPARATOR = /[_-]/;

/** Edits that turn one name into the other, or undefined if they are different words: `auth_version` is no `auth_section`. */
function editsBetween(a: string, b: string): number | undefined {
  const whole = distance(a, b);
  if (whole <= Math.min(2, Math.floor(a.length / 3))) return whole;
  const [words, others] = [a.split(SEPARATOR), b.split(SEPARATOR)];
  if (words.length !== others.length || words.length === 1) return undefined;
  // Of each word a third may be wrong: monitor_interval is monitoring_interval.
  const near = words.every((word, index) => {
    const other = others[index] ?? "";
    return distance(word, other) <= Math.floor(Math.max(word.length, other.length) / 3);
  });
  return near ? whole : undefined;
}

/** Whether one name begins or ends with all words of the other: `region_name` and `region`, `interface` and `api_interface`. */
function isPartOf(part: string, name: string): boolean {
  return name.startsWith(`${part}_`) || name.endsWith(`_${part}`);
}

/** The known name that an unknown one most likely means, or undefined when none is near. */
function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  const related: string[] = [];
  for (const candidate of known) {
    const other = candidate.toLowerCase();
    const edits = editsBetween(wanted, other);
    if (edits !== undefined && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { candidate, edits };
    if (isPartOf(wanted, other) || isPartOf(other, wanted)) related.push(candidate);
  }
  return best?.candidate ?? (related.length === 1 ? related[0] : undefined);
}

/** `; did you mean X?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const found = nearest(name, known);
  return found === undefined ? "" : `; did you mean ${found}?`;
}
