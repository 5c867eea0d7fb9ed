import { readFileSync } from "node:fs";

/** The files that the page needs, by name; of the bundle, which has no files beside it (scripts/build.ts). */
declare const MASAKARI_PAGE_ASSETS: Readonly<Record<string, string>> | undefined;

export const ASSETS = {
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
} as const;

/** The text of one of them. */
export function asset(name: keyof typeof ASSETS): string {
  if (typeof MASAKARI_PAGE_ASSETS !== "undefined") return MASAKARI_PAGE_ASSETS[name] ?? "";
  return readFileSync(new URL(`./assets/${name}`, import.meta.url), "utf8");
}
