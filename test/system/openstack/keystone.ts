import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { Child, runToEnd } from "../../support/child.ts";
import { freePort } from "../../support/ports.ts";
import type { Login } from "./keystone-api.ts";
import { answering } from "./readiness.ts";

export const region = "RegionOne";
export const admin: Login = { username: "admin", password: "admin-secret-of-tests", project: "admin" };

export interface Keystone {
  /** With `/v3`. */
  readonly url: string;
  readonly server: Child;
}

/**
 * bcrypt's least, 2^4 rounds: a login in 20 ms instead of 250, so that tests spend their time on monitors. Keystone's default is 12,
 * which is 256 times as many.
 */
const leastRounds = 4;
export const defaultRounds = 12;

/** Makes a database with an administrator, and serves it. @param rounds Keystone's `password_hash_rounds` */
export async function startKeystone(
  directory: string,
  tokenExpiration: number,
  rounds = leastRounds,
): Promise<Keystone> {
  await mkdir(`${directory}/fernet`, { mode: 0o700 });
  // What `keystone-manage fernet_setup` does, without the two seconds that Python takes for it: 0 is the next key, 1 signs.
  for (const name of ["0", "1"]) {
    const key = randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
    await writeFile(`${directory}/fernet/${name}`, key, { mode: 0o600 });
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/v3`;
  const configFile = await configure(directory, "keystone.conf", tokenExpiration, rounds);
  await runToEnd("keystone-manage", ["--config-file", configFile, "db_sync"]);
  // Else a reader in one worker locks writers in another out: "database is locked".
  const database = new DatabaseSync(`${directory}/keystone.sqlite`);
  database.exec("PRAGMA journal_mode=WAL");
  database.close();
  await runToEnd(
    "keystone-manage",
    [
      ...["--config-file", configFile, "bootstrap", "--bootstrap-username", admin.username],
      ...["--bootstrap-project-name", admin.project, "--bootstrap-role-name", "admin"],
      ...["--bootstrap-service-name", "keystone", "--bootstrap-region-id", region],
      ...["--bootstrap-public-url", url, "--bootstrap-internal-url", url, "--bootstrap-admin-url", url],
    ],
    { env: { OS_BOOTSTRAP_PASSWORD: admin.password } },
  );
  return { url, server: await serve(directory, configFile, port) };
}

/** A second Keystone on the same database and keys, whose tokens live `tokenExpiration` seconds. */
export async function startSecondKeystone(directory: string, tokenExpiration: number): Promise<Keystone> {
  const port = await freePort();
  const configFile = await configure(directory, `keystone-${port}.conf`, tokenExpiration, leastRounds);
  return { url: `http://127.0.0.1:${port}/v3`, server: await serve(directory, configFile, port) };
}

async function configure(directory: string, name: string, tokenExpiration: number, rounds: number): Promise<string> {
  const text = `[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///${directory}/keystone.sqlite
[fernet_tokens]
key_repository = ${directory}/fernet
# bootstrap and serving want every repository that is configured, and the defaults are below /etc
[fernet_receipts]
key_repository = ${directory}/fernet
[credential]
key_repository = ${directory}/fernet
[token]
provider = fernet
expiration = ${tokenExpiration}
[identity]
password_hash_rounds = ${rounds}
[cache]
# without, Keystone takes most of a second to validate a token; there is only one process that has to know of a revocation
enabled = true
backend = dogpile.cache.memory
`;
  await writeFile(`${directory}/${name}`, text);
  return `${directory}/${name}`;
}

async function serve(directory: string, configFile: string, port: number): Promise<Child> {
  const server = new Child(
    "uwsgi",
    [
      ...["--plugins", "python3", "--http-socket", `127.0.0.1:${port}`, "--wsgi-file", "/usr/bin/keystone-wsgi-public"],
      ...["--enable-threads", "--die-on-term"],
      ...["--buffer-size", "65535"],
      // uwsgi's plain HTTP socket closes after each response, and without this header does not announce that.
      ...["--add-header", "Connection: close"],
    ],
    {
      env: { OS_KEYSTONE_CONFIG_FILES: configFile, OS_KEYSTONE_CONFIG_DIR: directory },
      log: `${configFile}.log`,
    },
  );
  await answering(`Keystone on port ${port}`, server, `http://127.0.0.1:${port}/v3`);
  return server;
}
