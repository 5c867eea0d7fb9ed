import { lstatSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readTextFile } from "../../config/text-file.ts";
import { type CommandContext, CommandError } from "./command-context.ts";

/** What clouds.yaml holds: text, lists and mappings. Numbers and booleans stay the text that they are written as; a null is empty. */
export type Node = string | readonly Node[] | Mapping;
export type Mapping = { readonly [key: string]: Node };

export interface CloudFiles {
  readonly clouds: Mapping;
  /** Vendor profiles of clouds-public.yaml. */
  readonly profiles: Mapping;
  /** For messages: the files that were read, or where they were looked for. */
  readonly where: string;
}

/** Characters. The YAML library needs some hundred times that in memory. */
const MAX_LENGTH = 256 * 1024;
/** Nodes that aliases may bring in; beyond it the file is an alias bomb. */
const MAX_ALIASES = 100;
const SUFFIXES = [".yaml", ".yml", ".json"];

export const isMapping = (node: Node | undefined): node is Mapping => typeof node === "object" && !Array.isArray(node);

/**
 * Reads clouds.yaml, secure.yaml and clouds-public.yaml as openstacksdk does (openstack/config/loader.py): of each the first that
 * exists and may be read in the working directory, the user's configuration directories and the machine's. What is in
 * secure.yaml wins.
 * @throws CommandError if one of them is no YAML
 */
export async function readCloudFiles(context: CommandContext): Promise<CloudFiles> {
  const { env } = context;
  const directories = searchDirectories(context);
  const given = (path: string | undefined) => (path ? resolve(context.workDir ?? "", path) : undefined);
  const clouds = await firstOf("clouds", directories, given(env.OS_CLIENT_CONFIG_FILE));
  const secure = await firstOf("secure", directories, given(env.OS_CLIENT_SECURE_FILE));
  const vendors = await firstOf("clouds-public", directories, undefined);
  const all = merged(clouds?.content ?? {}, secure?.content ?? {}).clouds;
  const profiles = vendors?.content["public-clouds"];
  const files = [clouds, secure].flatMap((read) => read?.path ?? []);
  return {
    clouds: isMapping(all) ? all : {},
    profiles: isMapping(profiles) ? profiles : {},
    where: files.length > 0 ? files.join(" and ") : `no clouds.yaml in ${directories.join(", ")}`,
  };
}

function searchDirectories({ env, homeDir, workDir = process.cwd() }: CommandContext): string[] {
  const home = env.SNAP_REAL_HOME || homeDir;
  const [site] = (env.XDG_CONFIG_DIRS || "/etc/xdg").split(":");
  const directories = [
    workDir,
    join(env.XDG_CONFIG_HOME || join(homeDir, ".config"), "openstack"),
    join(home, ".config", "openstack"),
    join(site ?? "", "openstack"),
    "/etc/openstack",
  ];
  return [...new Set(directories)];
}

async function firstOf(
  name: string,
  directories: readonly string[],
  given: string | undefined,
): Promise<{ readonly path: string; readonly content: Mapping } | undefined> {
  const usual = directories.flatMap((directory) => SUFFIXES.map((suffix) => join(directory, name + suffix)));
  for (const path of given ? [given, ...usual] : usual) {
    const read = readTextFile(path);
    if ("text" in read) {
      if (path !== given) requireTrusted(path);
      return { path, content: await parseMapping(path, read.text) };
    }
    // Whoever names a file means no other one.
    if (path === given || !(read.missing || read.denied === true)) throw new CommandError(`${path} ${read.reason}`);
  }
  return undefined;
}

/**
 * In a directory such as /tmp another user may have left a file for whoever works there: it would send the password of a secure.yaml to
 * a Keystone of theirs.
 * @throws CommandError
 */
function requireTrusted(path: string): void {
  const { uid } = lstatSync(path);
  const own = process.geteuid?.() ?? uid;
  const anybodyWrites = (statSync(dirname(path)).mode & 0o002) !== 0;
  if (uid === own || uid === 0 || !anybodyWrites) return;
  throw new CommandError(
    `${path} belongs to another user (uid ${uid}), in a directory where everybody can put files: work in another one`,
  );
}

/**
 * @param path of the text, for messages
 * @throws CommandError if it is no mapping
 */
export async function parseMapping(path: string, text: string): Promise<Mapping> {
  if (text.length > MAX_LENGTH) throw new CommandError(`${path} is larger than ${MAX_LENGTH / 1024} KiB`);
  const { parseDocument } = await import("yaml");
  let content: unknown;
  try {
    // JSON is YAML. With this schema every scalar but a null is text: a password 012345 is no octal number.
    const document = parseDocument(text, {
      ...{ schema: "failsafe", customTags: ["null"], merge: true, prettyErrors: false, logLevel: "error" },
      // PyYAML, too, takes the last of equal keys.
      uniqueKeys: false,
    });
    const [error] = document.errors;
    // The message of the library would quote the line, which may hold a password.
    if (error) throw new CommandError(`${path} is not valid YAML (${error.code}, character ${error.pos[0]})`);
    content = document.toJS({ maxAliasCount: MAX_ALIASES, reviver: (_, value: unknown) => value ?? "" });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${path} cannot be read as YAML`, { cause: error });
  }
  // An empty file.
  if (content === "") return {};
  if (!isMapping(content as Node)) throw new CommandError(`${path} must be a mapping`);
  return content as Mapping;
}

/** Like the first, with the values of the second; mappings in both are merged. */
export function merged(one: Mapping, other: Mapping): Mapping {
  const result: Record<string, Node> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = Object.hasOwn(one, key) ? one[key] : undefined;
    result[key] = isMapping(value) && isMapping(before) ? merged(before, value) : value;
  }
  return result;
}
