import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { nodeCrypto } from "../system/node-crypto.ts";

/** How to log in to a Keystone with a password. */
export interface Login {
  readonly authUrl: string;
  readonly userName: string;
  readonly password: string;
  readonly projectName: string;
  readonly region: string;
}

/** Writes a file for `. openrc`, readable by its owner only; an older one is replaced in one step. */
export function writeOpenrc(path: string, login: Login): void {
  const values = {
    OS_AUTH_URL: login.authUrl,
    OS_IDENTITY_API_VERSION: "3",
    OS_USERNAME: login.userName,
    OS_PASSWORD: login.password,
    OS_PROJECT_NAME: login.projectName,
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_NAME: "Default",
    OS_REGION_NAME: login.region,
    OS_INTERFACE: "public",
  };
  const lines = Object.entries(values).map(([name, value]) => `export ${name}=${shellQuoted(value)}\n`);
  // Nobody can have put a file or a link of that name there.
  const draft = `${path}.${nodeCrypto().randomUUID()}`;
  try {
    writeFileSync(draft, lines.join(""), { mode: 0o600, flush: true, flag: "wx" });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * The password in an openrc that `writeOpenrc` has written; undefined if there is no such file.
 * @throws an Error if it is not this user's own file, or cannot be read
 */
export function readOpenrcPassword(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  let text: string;
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error(`${path} is not a file`);
    if (found.uid !== process.geteuid?.()) throw new Error(`${path} belongs to another user (uid ${found.uid})`);
    text = readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
  return /^export OS_PASSWORD='(.*)'$/m.exec(text)?.[1]?.replaceAll("'\\''", "'");
}

function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
