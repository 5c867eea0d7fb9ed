import type { CommonEffect, OwnEffect } from "../../monitor/contract.ts";
import { NamesInText } from "../../monitor/names-in-text.ts";
import type { StoryEvent } from "./story.ts";

/** The members in which an observation or an effect names its subject. */
const NAMING = ["key", "uuid", "host", "hostname", "name", "target"] as const;
/** A list of which an event about one subject shows only the items about it. */
const LISTS = ["sightings", "looks", "guests", "hosts", "entries", "fencing", "keys"] as const;

/** Whether a subject of these names is meant. A process of the list may be named by its path; Masakari is notified of its last part. */
export function isNamed(names: ReadonlySet<string>, key: string, name: string): boolean {
  return [key, name, key.slice(key.lastIndexOf("/") + 1)].some((one) => names.has(one));
}

type Members = Readonly<Record<string, unknown>>;

/** One subject of a monitor, by all that it is called: a process's name, a guest's name and UUID, a host's name. */
export class About {
  readonly #names: ReadonlySet<string>;
  readonly #inTexts = new NamesInText<true>();

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
    for (const name of this.#names) this.#inTexts.set(name, true);
  }

  /** The event with only what is about the subject; undefined if nothing is. */
  of(event: StoryEvent): StoryEvent | undefined {
    switch (event.kind) {
      case "started":
      case "lost":
        return event;
      case "entry":
        return this.#isSubject(event.entry.subject) ? event : undefined;
      case "failed":
        return this.#hasName(event.observation) ? event : undefined;
      case "decided": {
        const { observation: whole } = event;
        const phases = event.phases.filter(([key, name]) => this.#names.has(key) || this.#names.has(name));
        const effects = event.effects.filter((effect) => this.#isAbout(effect));
        const lists = this.#listsOf(whole);
        const isAbout = phases.length > 0 || effects.length > 0 || this.#hasName(whole);
        if (!isAbout && Object.values(lists).every((items) => items.length === 0)) return undefined;
        return { ...event, observation: { ...whole, ...lists }, phases, effects };
      }
    }
  }

  #isAbout(effect: CommonEffect | OwnEffect): boolean {
    const { subject, text } = effect as { readonly subject?: unknown; readonly text?: unknown };
    if (typeof subject === "string") return this.#isSubject(subject);
    if (typeof text === "string") return this.#inTexts.firstIn(text) === true;
    return this.#hasName(effect as unknown as Members);
  }

  /** `process:nova-compute` */
  #isSubject(subject: string): boolean {
    return this.#names.has(subject.slice(subject.indexOf(":") + 1));
  }

  #hasName(members: Members): boolean {
    const { guest } = members as { readonly guest?: Members };
    return (
      NAMING.some((name) => this.#names.has(String(members[name]))) || (guest !== undefined && this.#hasName(guest))
    );
  }

  /** What its lists have about the subject. */
  #listsOf(observation: Members): Readonly<Record<string, readonly unknown[]>> {
    const lists = LISTS.filter((name) => Array.isArray(observation[name]));
    const itemsOf = (name: string): unknown[] => observation[name] as unknown[];
    return Object.fromEntries(lists.map((name) => [name, itemsOf(name).filter((item) => this.#isItem(item))]));
  }

  #isItem(item: unknown): boolean {
    if (typeof item !== "object" || item === null) return this.#names.has(String(item));
    return this.#hasName({ ...item, key: (item as Members).key ?? (item as Members).process_name });
  }
}
