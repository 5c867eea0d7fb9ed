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

/** The name of an option as it stands in a file: oslo.config knows names with dashes on its command line only. */
export const withUnderscores = (name: string): string => name.replaceAll("-", "_");

/** How a deprecated name may be written: one that has dashes also with underscores (oslo_config/cfg.py, Opt.__init__). */
const spellings = (name: string): readonly string[] => (name.includes("-") ? [name, withUnderscores(name)] : [name]);

/** A place where a value of an option may stand, best first. */
export interface Location {
  readonly section: string;
  readonly name: string;
}

/** All places where an option may stand in a file: its own name, then the deprecated ones, then the misspelt ones. */
export function locationsOf(section: string, name: string, option: Option): readonly Location[] {
  return [
    { section, name },
    ...(option.deprecated ?? []).flatMap((old) =>
      spellings(old.name).map((spelling) => ({ section: old.section ?? section, name: spelling })),
    ),
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
          for (const spelling of spellings(old.name)) {
            add(old.section ?? place, spelling, { section, name, kind: "deprecated" });
          }
        }
        for (const wrong of option.misspelt ?? []) add(place, wrong, { section, name, kind: "misspelt" });
      }
    }
  }
  return index;
}
