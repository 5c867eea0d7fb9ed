import { hashOf } from "../../introspective/guest.ts";

/** The part of a UUID that is chosen for its hash: hexadecimal digits, in two halves. */
const HALF = 4;
const COUNT = 16 ** HALF;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** Each second half by what it adds to the hash. */
let seconds: ReadonlyMap<number, string> | undefined;

/**
 * A UUID that sorts by `rank` and has this hash: when guests are pinged depends on it, and must not change with their names.
 * @param rank below 2^32
 */
export function uuidOfHash(rank: number, hash: number): string {
  seconds ??= new Map(Array.from({ length: COUNT }, (_, value) => [hashOf(hex(value, HALF)), hex(value, HALF)]));
  const shift = 31 ** HALF;
  // Of 16^4 middles nearly every second one has a solution.
  for (let middle = 0; middle < COUNT; middle++) {
    const beginning = `${hex(rank, 8)}-0000-4000-8000-${hex(middle, 4)}`;
    const before = Math.imul(hashOf(beginning), Math.imul(shift, shift));
    for (let value = 0; value < COUNT; value++) {
      const first = hex(value, HALF);
      const rest = (hash - before - Math.imul(hashOf(first), shift)) >>> 0;
      const second = seconds.get(rest);
      if (second !== undefined) return `${beginning}${first}${second}`;
    }
  }
  throw new Error(`no UUID has the hash ${hash}`);
}
