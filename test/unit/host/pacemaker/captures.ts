import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../fixtures/pacemaker", import.meta.url));

/** Where captured output is, e.g. `pacemaker-2.1.5/01-healthy/node1.crm_mon-X.xml`. */
export const capturePath = (path: string): string => `${folder}/${path}`;

export function captured(path: string): string {
  return readFileSync(capturePath(path), "utf8");
}

/** The paths of all captured `crm_mon -X`. */
export function allCrmMon(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".crm_mon-X.xml"))
    .sort();
}
