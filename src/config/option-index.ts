import type { Option, SectionTable } from "./option.ts";

export type Tables = Readonly<Record<string, SectionTable>>;

/** What a name in a file stands for. */
export interface Meaning {
  readonly section: string;
  readonly name: string;
  readonly kind: "current" | "deprecated" | "misspelt";
}

/** Section names are equal in any case, but for DEFAULT (oslo_config/cfg.py, _normalize_group_name). */
export const sectionKey = (section: string): string => (section === "DEFAULT" ? section : section.toLowerCase());

/** Dashes and underscores are equal. */
export const optionKey = (name: string): string => name.replaceAll("-", "_");

/** A place where a value of an option may stand, best first. */
export interface Location {
  readonly section: string;
  readonly name: string;
}

/** All places where an option may stand in a file: its own name, then the deprecated ones, then the misspelt ones. */
export function locationsOf(section: string, name: string, option: Option): readonly Location[] {
  return [
    { section, name },
    ...(option.deprecated ?? []).map((old) => ({ section: old.section ?? section, name: old.name })),
    ...(option.misspelt ?? []).map((wrong) => ({ section, name: wrong })),
  ];
}

/**
 * Every name that may stand in a file, by section, and what it means.
 * @param loginSection the section of `[api] auth_section`, where the options of Keystone's login may stand too
 */
export function indexOptions(
  tables: Tables,
  loginSection: string | undefined,
): ReadonlyMap<string, ReadonlyMap<string, Meaning>> {
  const index = new Map<string, Map<string, Meaning>>();
  const add = (at: string, name: string, meaning: Meaning): void => {
    const names = index.get(sectionKey(at)) ?? new Map<string, Meaning>();
    index.set(sectionKey(at), names);
    if (!names.has(name) || meaning.kind === "current") names.set(name, meaning);
  };
  for (const [section, table] of Object.entries(tables)) {
    for (const [name, option] of Object.entries(table.options)) {
      const places = option.plugin && loginSection !== undefined ? [section, loginSection] : [section];
      for (const place of places) {
        add(place, name, { section, name, kind: "current" });
        for (const old of option.deprecated ?? []) {
          add(old.section ?? place, old.name, { section, name, kind: "deprecated" });
        }
        for (const wrong of option.misspelt ?? []) add(place, wrong, { section, name, kind: "misspelt" });
      }
    }
  }
  return index;
}
