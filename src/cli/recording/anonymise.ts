import { SubjectMap } from "../../monitor/subject-map.ts";
import { SubjectOrder } from "../../monitor/subject-order.ts";

/** Members whose values are words of the monitors', never names. */
const WORDS: ReadonlySet<string> = new Set([
  ...["kind", "state", "action", "status", "event", "detail", "answer", "power", "outcome", "level", "agent", "what"],
  ...["match", "stage", "type", "vir_domain_event", "host_status", "counter", "phase", "foundAs", "seenAs", "purpose"],
]);

/** A segment, user or command that is called like an ordinary word, `compute`: no text names it, but many have the word. */
function isWord(name: string, instead: string): boolean {
  return /^[a-z]+$/.test(name) && /^(segment|user|command)-/.test(instead);
}

/** Replaces names in any value, wherever they stand as a whole word. */
export class Anonymiser {
  readonly #replacements: ReadonlyMap<string, string>;
  readonly #pattern: RegExp | undefined;

  constructor(replacements: ReadonlyMap<string, string>) {
    this.#replacements = replacements;
    // The longest first: nova-compute.service before nova-compute.
    const names = [...replacements].flatMap(([name, instead]) => (isWord(name, instead) ? [] : name));
    names.sort((one, other) => other.length - one.length);
    const any = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|");
    this.#pattern = any === "" ? undefined : new RegExp(`(?<![A-Za-z0-9_])(?:${any})(?![A-Za-z0-9_])`, "g");
  }

  of(value: unknown, member = ""): unknown {
    if (typeof value === "string") return WORDS.has(member) ? value : this.#text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.of(item, member));
    if (value instanceof Set) return new Set([...value].map((item) => this.of(item)));
    if (value instanceof Map) return new Map([...value].map(([key, item]) => [this.of(key), this.of(item)]));
    if (value instanceof SubjectMap) {
      return new SubjectMap([...value].map(([key, item]) => [this.#text(key), this.of(item)]));
    }
    if (value instanceof SubjectOrder) {
      return value.places().reduce((order, [subject, at]) => order.with(this.#text(subject), at), SubjectOrder.empty);
    }
    // The members of this one are names themselves.
    const nameOf = (name: string): string => (member === "host_names" ? this.#text(name) : name);
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [nameOf(name), this.of(item, name)]));
  }

  #text(text: string): string {
    const whole = this.#replacements.get(text);
    if (whole !== undefined) return whole;
    if (this.#pattern === undefined) return text;
    return text.replaceAll(this.#pattern, (name) => this.#replacements.get(name) ?? name);
  }
}
