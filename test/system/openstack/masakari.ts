import { mkdir, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Child, runToEnd } from "../../support/child.ts";
import { freePort } from "../../support/ports.ts";
import { region } from "./keystone.ts";
import type { Login } from "./keystone-api.ts";
import { newer } from "./newer.ts";
import { answering } from "./readiness.ts";

export interface MasakariOptions {
  readonly keystoneUrl: string;
  /** Who the service is: as in Debian, also who the monitors are. */
  readonly login: Login;
  readonly engine: boolean;
  /** Seconds. */
  readonly duplicateInterval: number;
  /** Default: API and engine are joined inside one process. */
  readonly transportUrl?: string;
  /** Seconds that a token is taken without asking Keystone again; default none: what Keystone has revoked is refused at once. */
  readonly tokenCacheTime?: number;
  /** Of Debian 13: 19.0.0, with microversion 1.3. Default: Debian 12's 14.0.2. */
  readonly isNewer?: boolean | undefined;
  /** More lines of `[DEFAULT]`; of an option that is given twice the last counts. */
  readonly more?: string;
}

export interface Masakari {
  /** With `/v1`. */
  readonly url: string;
  readonly server: Child;
  readonly configFile: string;
}

/** The database of a Masakari that is to be started in `directory`: needs no Keystone, so can be made meanwhile. */
export async function createMasakariDatabase(directory: string, isNewer = false): Promise<void> {
  await mkdir(`${directory}/lock`, { recursive: true });
  await writeFile(`${directory}/database.conf`, connections(directory));
  await runToEnd(
    "masakari-manage",
    ["--config-file", `${directory}/database.conf`, "db", "sync"],
    environment(isNewer),
  );
  const database = new DatabaseSync(`${directory}/masakari.sqlite`);
  database.exec("PRAGMA journal_mode=WAL");
  database.close();
}

const connections = (directory: string): string => `[database]
connection = sqlite:///${directory}/masakari.sqlite
[taskflow]
connection = sqlite:///${directory}/taskflow.sqlite
`;

/** masakari-api, and with `engine` masakari-engine in the same process. Without, notifications stay `new`. */
export async function startMasakari(directory: string, options: MasakariOptions): Promise<Masakari> {
  const port = await freePort();
  const { username, password, project } = options.login;
  const text = `[DEFAULT]
use_stderr = true
state_path = ${directory}
tempdir = ${directory}
auth_strategy = keystone
masakari_api_listen = 127.0.0.1
masakari_api_listen_port = ${port}
masakari_api_workers = 1
# fake:// joins API and engine inside one process; without an engine what is sent goes nowhere
transport_url = ${options.transportUrl ?? "fake://"}
rpc_response_timeout = 5
nova_catalog_admin_info = compute:nova:publicURL
os_region_name = ${region}
os_privileged_user_name = ${username}
os_privileged_user_password = ${password}
os_privileged_user_tenant = ${project}
os_privileged_user_auth_url = ${options.keystoneUrl}
os_user_domain_name = Default
os_project_domain_name = Default
# there is no cloud behind that would have to settle
wait_period_after_service_update = 1
duplicate_notification_detection_interval = ${options.duplicateInterval}
${options.more ?? ""}
${connections(directory)}[wsgi]
api_paste_config = ${options.isNewer === true ? newer.pasteConfig : "/etc/masakari/api-paste.ini"}
[oslo_messaging_notifications]
driver = noop
[oslo_concurrency]
lock_path = ${directory}/lock
[keystone_authtoken]
www_authenticate_uri = ${options.keystoneUrl}
auth_url = ${options.keystoneUrl}
auth_type = password
project_name = ${project}
project_domain_name = Default
username = ${username}
user_domain_name = Default
password = ${password}
region_name = ${region}
token_cache_time = ${options.tokenCacheTime ?? -1}
`;
  const configFile = `${directory}/masakari.conf`;
  await writeFile(configFile, text, { mode: 0o600 });
  const server = run(configFile, options.engine ? ["--engine"] : [], `${configFile}.log`, options.isNewer);
  await answering("masakari-api", server, `http://127.0.0.1:${port}/`);
  return { url: `http://127.0.0.1:${port}/v1`, server, configFile };
}

/** masakari-engine as a process of its own, for a masakari-api that was started without and with a `transportUrl`. */
export function startEngine({ configFile }: Masakari): Child {
  return run(configFile, ["--only-engine"], `${configFile}.engine.log`);
}

function run(configFile: string, words: readonly string[], log: string, isNewer = false): Child {
  const program = fileURLToPath(new URL("python/serve_masakari.py", import.meta.url));
  return new Child("/usr/bin/python3", ["-B", program, ...words, "--config-file", configFile], {
    log,
    ...environment(isNewer),
  });
}

const environment = (isNewer: boolean) => (isNewer ? { env: newer.env } : {});
