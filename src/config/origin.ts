import { type Diagnostic, diagnostic, nowhere } from "./diagnostic.ts";

/** Where a value comes from. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly line: number }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "command line" };

/** Origins by section and option. */
export type Origins = Readonly<Record<string, Readonly<Record<string, Origin>>>>;

/** Where an option's value comes from. */
export function originOf(origins: Origins, section: string, name: string): Origin {
  return origins[section]?.[name] ?? { kind: "default" };
}

/** `/etc/x.conf:12`, `environment OS_API__PASSWORD`, `command line` or `default`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "file":
      return `${origin.file}:${origin.line}`;
    case "environment":
      return `environment ${origin.variable}`;
    default:
      return origin.kind;
  }
}

/** A diagnostic about a value of the section from there; what is in no file is named in the message. */
export function diagnosticAt(
  severity: Diagnostic["severity"],
  section: string,
  origin: Origin,
  message: string,
): Diagnostic {
  if (origin.kind === "file") return { ...diagnostic(severity, origin, message), section };
  if (origin.kind === "default") return { ...diagnostic(severity, nowhere, message), section };
  return { ...diagnostic(severity, nowhere, `${message} (from: ${describeOrigin(origin)})`), section };
}
