import type { Diagnostic } from "./diagnostic.ts";
import type { Assignment, IniFile } from "./ini.ts";
import type { Option, OptionValue } from "./option.ts";
import { locationsOf, sectionKey, type Tables, withUnderscores } from "./option-index.ts";
import { diagnosticAt, type Origin } from "./origin.ts";
import { type Reference, substitute } from "./substitute.ts";
import { type Converted, convert } from "./values.ts";
import { plainText } from "./write-value.ts";

/** What the command line may set, by `option` of [DEFAULT] or `section.option`. */
export type Overrides = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface Sources {
  /** Later files win. */
  readonly files: readonly IniFile[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly overrides: Overrides;
}

export interface Resolved {
  readonly value: OptionValue;
  readonly origin: Origin;
  /** Set if `$` references brought a secret into the value: what may be shown in its place, as a file has it. */
  readonly shown?: string;
  /** What is set cannot be used, so the value is the default. */
  readonly failed?: true;
}

interface Raw {
  /** More than one only for a multi-valued option. */
  readonly texts: readonly string[];
  readonly origin: Origin;
}

type FileIndex = ReadonlyMap<string, readonly Assignment[]>;

const identity = (section: string, name: string): string => `${sectionKey(section)} ${name}`;

function indexFile(file: IniFile): FileIndex {
  const index = new Map<string, Assignment[]>();
  for (const assignment of file.assignments) {
    const key = identity(assignment.section, assignment.key);
    const list = index.get(key);
    if (list) list.push(assignment);
    else index.set(key, [assignment]);
  }
  return index;
}

/**
 * Looks up options in oslo.config's order: command line, environment, files from the last to the first, default.
 * One resolver reads one set of sources; each option is converted once.
 */
export class Resolver {
  readonly diagnostics: Diagnostic[] = [];
  /** `[api] auth_section`: where the options of Keystone's login stand instead of in their own section. */
  loginSection: string | undefined;
  readonly #tables: Tables;
  readonly #sources: Sources;
  readonly #files: readonly { readonly file: string; readonly index: FileIndex }[];
  readonly #done = new Map<string, Resolved>();
  readonly #busy = new Set<string>();

  constructor(tables: Tables, sources: Sources) {
    this.#tables = tables;
    this.#sources = sources;
    this.#files = sources.files.map((file) => ({ file: file.file, index: indexFile(file) })).reverse();
  }

  /** The value of an option that the tables have; what is wrong with it goes to `diagnostics`, and the default counts. */
  get(section: string, name: string): Resolved {
    const key = `${section}.${name}`;
    const known = this.#done.get(key);
    if (known) return known;
    const option = this.#tables[section]?.options[name];
    if (!option) throw new RangeError(`[${section}] ${name} is not in the tables`);
    this.#busy.add(key);
    const resolved = this.#resolve(section, name, option);
    this.#busy.delete(key);
    this.#done.set(key, resolved);
    return resolved;
  }

  #resolve(section: string, name: string, option: Option): Resolved {
    const fallback: Resolved = { value: option.default, origin: { kind: "default" } };
    const raw = this.#raw(section, name, option);
    if (!raw) return fallback;
    const values: OptionValue[] = [];
    let shown: string | undefined;
    for (const text of raw.texts) {
      const substituted = substitute(text, (reference) => this.#follow(reference, section, option));
      const converted = "reason" in substituted ? substituted : this.#convert(option, substituted);
      if ("reason" in converted) {
        // A value that only the Python monitors would use cannot do harm here.
        const severity = option.noEffect === undefined ? "error" : "warning";
        this.diagnostics.push(diagnosticAt(severity, section, raw.origin, `[${section}] ${name} ${converted.reason}`));
        return { ...fallback, failed: true };
      }
      if ("shown" in substituted) shown = substituted.shown;
      values.push(converted.value);
    }
    const value = option.type === "multi" ? (values.flat() as string[]) : values.at(-1);
    const resolved = { value, origin: raw.origin, ...(shown === undefined ? {} : { shown }) };
    this.#noteNoEffect(section, name, option, resolved);
    return resolved;
  }

  /** A reason that would quote the value must not quote a secret that is in it. */
  #convert(option: Option, { text, shown }: { readonly text: string; readonly shown?: string }): Converted {
    const converted = convert(option, text);
    if (!("reason" in converted) || shown === undefined) return converted;
    return { reason: `cannot be what ${JSON.stringify(shown)} stands for` };
  }

  #noteNoEffect(section: string, name: string, option: Option, { value, origin }: Resolved): void {
    if (option.noEffect === undefined || plainText(value) === plainText(option.default)) return;
    const message = `[${section}] ${name} is accepted, but has no effect: ${option.noEffect}`;
    this.diagnostics.push(diagnosticAt(option.loud ? "warning" : "info", section, origin, message));
  }

  #raw(section: string, name: string, option: Option): Raw | undefined {
    const place = option.plugin && this.loginSection !== undefined ? this.loginSection : section;
    const override = this.#sources.overrides[section === "DEFAULT" ? name : `${section}.${name}`];
    if (override !== undefined) {
      const texts = typeof override === "object" && option.type === "multi" ? override : [String(override)];
      return { texts, origin: { kind: "command line" } };
    }
    const variable = `OS_${place.toUpperCase()}__${name.toUpperCase()}`;
    const environment = this.#sources.env[variable];
    if (environment !== undefined) return { texts: [environment], origin: { kind: "environment", variable } };
    return this.#rawFromFiles(place, name, option);
  }

  #rawFromFiles(place: string, name: string, option: Option): Raw | undefined {
    const texts: string[] = [];
    let origin: Origin | undefined;
    for (const { file, index } of this.#files) {
      for (const location of locationsOf(place, name, option)) {
        const found = index.get(identity(location.section, location.name));
        const last = found?.at(-1);
        if (!found || !last) continue;
        origin ??= { kind: "file", file, line: last.line };
        if (option.type !== "multi") return { texts: [last.value], origin };
        texts.unshift(...found.map(({ value }) => value));
      }
    }
    return origin && { texts, origin };
  }

  #follow(reference: string, from: string, option: Option): Reference {
    const found = this.#find(reference, from);
    // Half of a password must not get into a message, and a dollar in a password is how this usually comes about.
    const shown = option.secret ? "a dollar sign and a name" : `$${reference}`;
    if (!found)
      return {
        reason: `refers to ${shown}, which is not an option; write $$ for a dollar sign that stands for itself`,
      };
    if (this.#busy.has(`${found.section}.${found.name}`))
      return { reason: `refers to ${shown}, which leads back to itself` };
    const { value, shown: masked, failed } = this.get(found.section, found.name);
    if (failed) return { reason: `refers to ${shown}, which is not set to what it can be` };
    const secret = masked !== undefined || this.#tables[found.section]?.options[found.name]?.secret === true;
    return { text: plainText(value), secret: secret && value !== undefined };
  }

  /** `name` is looked for in the same section and then in [DEFAULT]; `section.name` only there. */
  #find(reference: string, from: string): { section: string; name: string } | undefined {
    const dot = reference.indexOf(".");
    const [places, wanted] =
      dot === -1 ? [[from, "DEFAULT"], reference] : [[reference.slice(0, dot)], reference.slice(dot + 1)];
    for (const section of places) {
      for (const [name, option] of Object.entries(this.#tables[section]?.options ?? {})) {
        if (name === wanted || option.deprecated?.some((old) => withUnderscores(old.name) === wanted))
          return { section, name };
      }
    }
    return undefined;
  }
}
