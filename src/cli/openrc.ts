import { readFileSync, renameSync, writeFileSync } from "node:fs";

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
  const draft = `${path}.new`;
  writeFileSync(draft, lines.join(""), { mode: 0o600, flush: true });
  renameSync(draft, path);
}

/** The password in an openrc that `writeOpenrc` has written; undefined if there is no such file. */
export function readOpenrcPassword(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return /^export OS_PASSWORD='(.*)'$/m.exec(text)?.[1]?.replaceAll("'\\''", "'");
}

function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
