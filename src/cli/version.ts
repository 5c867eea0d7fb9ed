import { readFileSync } from "node:fs";

/** Set by `scripts/build.ts`; a checkout that runs from source has none. */
declare const MASAKARI_MONITORS_VERSION: string;

/** This package's version. */
export function packageVersion(): string {
  if (typeof MASAKARI_MONITORS_VERSION !== "undefined") return MASAKARI_MONITORS_VERSION;
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
