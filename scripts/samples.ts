// Writes the sample files in etc/masakarimonitors/ from the typed tables: node scripts/samples.ts
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { samples } from "../src/config/samples.ts";

/** The directory that holds them. */
export const sampleDirectory = fileURLToPath(new URL("../etc/masakarimonitors/", import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(sampleDirectory, { recursive: true });
  for (const [name, render] of Object.entries(samples)) writeFileSync(`${sampleDirectory}${name}.sample`, render());
}
