import { capped, type Diagnostic, diagnostic } from "./diagnostic.ts";

/** One `key = value` of a file, as written: not yet substituted or checked. */
export interface Assignment {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** Where the assignment begins, from 1. */
  readonly line: number;
}

export interface IniFile {
  readonly file: string;
  readonly assignments: readonly Assignment[];
  /** Every `[section]` line, for those that are unknown. */
  readonly sections: readonly { readonly name: string; readonly line: number }[];
  readonly diagnostics: readonly Diagnostic[];
  /** It could not be read at all. */
  readonly unread?: true;
}

// What Python's str.strip() takes for white space; JavaScript's trim() differs in a few.
const SPACES = new Set(
  [..."\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"].concat(
    Array.from({ length: 11 }, (_, index) => String.fromCharCode(0x2000 + index)),
  ),
);

/** Python's `str.lstrip()`. No regular expression: one for the end of a line takes quadratic time over white space within it. */
function stripStart(text: string): string {
  let start = 0;
  while (start < text.length && SPACES.has(text.charAt(start))) start += 1;
  return text.slice(start);
}

/** Python's `str.rstrip()`. */
function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACES.has(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** Python's `str.strip()`. */
export function strip(text: string): string {
  return stripEnd(stripStart(text));
}

/** Splits at the first `:` or `=`, whichever comes first; quotes around the whole of this line's value go. */
function split(line: string): { key: string; value: string } | undefined {
  const at = line.search(/[:=]/);
  if (at === -1) return undefined;
  let value = strip(line.slice(at + 1));
  if (/^["']/.test(value) && value[0] === value.at(-1)) value = value.slice(1, -1);
  return { key: strip(line.slice(0, at)), value };
}

/**
 * Reads the lines of a file as oslo.config does (oslo_config/iniparser.py). Where oslo.config gives up at the first bad line,
 * this reports each of them and goes on, so that one look shows everything that is wrong. No message quotes a line: it may
 * hold a password.
 */
export function parseIni(file: string, text: string): IniFile {
  const assignments: Assignment[] = [];
  const sections: { name: string; line: number }[] = [];
  const diagnostics: Diagnostic[] = [];
  let section: string | undefined;
  let open: { key: string; value: string[]; line: number } | undefined;
  let homeless = false;

  const close = (): void => {
    if (open && section !== undefined) {
      assignments.push({ section, key: open.key, value: open.value.join("\n"), line: open.line });
    }
    open = undefined;
  };
  const complain = (line: number, message: string): void => {
    diagnostics.push(diagnostic("error", { file, line }, message));
  };

  text.split(/\r\n|\r|\n/).forEach((raw, index) => {
    const line = index + 1;
    const content = stripEnd(raw);
    if (content === "") {
      close();
    } else if (content.startsWith(" ") || content.startsWith("\t")) {
      if (open) open.value.push(stripStart(content));
      else
        complain(
          line,
          "this line begins with white space, but there is no value above it to continue; remove the white space",
        );
    } else {
      close();
      if (content.startsWith("[")) {
        const name = content.slice(1, -1);
        if (!content.endsWith("]")) complain(line, "a section line must end with ]");
        else if (name === "") complain(line, "the section has no name");
        else {
          section = name;
          sections.push({ name, line });
        }
      } else if (!content.startsWith("#") && !content.startsWith(";")) {
        const parts = split(content);
        if (!parts)
          complain(line, "this is neither a section, nor a comment, nor an assignment: there is no = or : in it");
        else if (parts.key === "") complain(line, "there is no option name before the = or :");
        else {
          open = { key: parts.key, value: [parts.value], line };
          if (section === undefined && !homeless) {
            homeless = true;
            complain(line, "an option precedes the first [section]; put [DEFAULT] or the intended section above it");
          }
        }
      }
    }
  });
  close();
  return { file, assignments, sections, diagnostics: capped(file, diagnostics) };
}
