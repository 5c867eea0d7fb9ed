import { constants, promises } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { AuthError } from "../errors.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** SASL realm; undefined: the one that the server offers. */
  readonly realm: string | undefined;
  /** Where they are from, for messages. */
  readonly file: string;
}

const SERVICE = "libvirt";
/** Bytes; a file with a handful of logins has a thousandth of it. */
const LONGEST_FILE = 256 * 1024;

/**
 * Credentials from libvirt's auth.conf (https://libvirt.org/auth.html#client-configuration). As in libvirt's own client,
 * one file counts: $LIBVIRT_AUTH_FILE, else `authfile=` of the URI, else the first that can be read of the user's and
 * /etc/libvirt/auth.conf.
 * @throws AuthError with the file and what it should contain
 */
export async function readCredentials(hostname: string, authFile: string | undefined): Promise<Credentials> {
  const file = await chooseFile(authFile);
  const sections = parse(await readText(file));
  const group = sections.get(`auth-${SERVICE}-${hostname}`) ?? sections.get(`auth-${SERVICE}-default`);
  if (group === undefined) {
    throw new AuthError(
      `libvirt asks for a login, and ${file} has neither [auth-libvirt-${hostname}] nor [auth-libvirt-default]`,
    );
  }
  const name = group.get("credentials");
  const credentials = sections.get(`credentials-${name}`);
  if (name === undefined || credentials === undefined) {
    const missing = name === undefined ? "no credentials=NAME in that section" : `no section [credentials-${name}]`;
    throw new AuthError(`libvirt asks for a login, and ${file} has ${missing}`);
  }
  const username = credentials.get("authname") ?? credentials.get("username");
  const password = credentials.get("password");
  if (username === undefined || password === undefined) {
    const missing = username === undefined ? "authname" : "password";
    throw new AuthError(`${file}: the section [credentials-${name}] has no ${missing}=`);
  }
  return { username, password, realm: credentials.get("realm"), file };
}

async function chooseFile(authFile: string | undefined): Promise<string> {
  const named = process.env.LIBVIRT_AUTH_FILE ?? authFile;
  if (named !== undefined) return named;
  const places = [
    join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "libvirt/auth.conf"),
    "/etc/libvirt/auth.conf",
  ];
  for (const place of places) {
    try {
      await promises.access(place, constants.R_OK);
      return place;
    } catch {
      // The next one then.
    }
  }
  throw new AuthError(
    `libvirt asks for a login, and there is no readable ${places.join(" or ")} (see docs/libvirt.md)`,
  );
}

async function readText(file: string): Promise<string> {
  try {
    const handle = await promises.open(file);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(LONGEST_FILE + 1), 0, LONGEST_FILE + 1, null);
      if (bytesRead > LONGEST_FILE) throw Object.assign(new Error("too long"), { code: `over ${LONGEST_FILE} bytes` });
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new AuthError(`libvirt asks for a login, and ${file} cannot be read (${code})`, { cause: error });
  }
}

/** GLib's key file: `[group]`, `key=value`, `#` comments, spaces around `=` dropped. A repeated group goes on. */
function parse(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line)?.[1];
    if (header !== undefined) {
      section = sections.get(header) ?? new Map<string, string>();
      sections.set(header, section);
      continue;
    }
    const equals = line.indexOf("=");
    const name = line.slice(0, Math.max(0, equals)).trim();
    if (name !== "" && !name.startsWith("#")) section?.set(name, unescaped(line.slice(equals + 1).trimStart()));
  }
  return sections;
}

/** GLib's escapes in a value. */
function unescaped(value: string): string {
  const meanings: Readonly<Record<string, string>> = { s: " ", n: "\n", t: "\t", r: "\r", "\\": "\\" };
  return value.replace(/\\([sntr\\])/g, (_, letter: string) => meanings[letter] ?? letter);
}
