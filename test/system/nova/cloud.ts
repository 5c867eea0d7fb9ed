import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child, runToEnd } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";
import { RecordingProxy } from "../../support/recording-proxy.ts";
import { admin, region, startKeystone } from "../openstack/keystone.ts";
import { KeystoneApi, type Login } from "../openstack/keystone-api.ts";
import { createMasakariDatabase, startEngine, startMasakari } from "../openstack/masakari.ts";
import { MasakariApi } from "../openstack/masakari-api.ts";
import { answering } from "../openstack/readiness.ts";
import { startBroker } from "./broker.ts";
import { Database } from "./database.ts";
import { startImagesAndNetworks } from "./images-and-networks.ts";
import { NovaApi } from "./nova-api.ts";
import { type Heartbeat, login, novaConf, type Places } from "./settings.ts";

export interface CloudOptions {
  readonly heartbeat: Heartbeat;
  /** Lines of masakari.conf's `[DEFAULT]`. */
  readonly masakari: string;
  /** With `/v1`: how masakari-api is reached where the monitors run. */
  readonly monitorsMasakariUrl: string;
}

/** Everything of a cloud but its compute hosts: real servers of Debian 12 on loopback. */
export interface Cloud {
  /** Who Masakari, Nova and the monitors are. */
  readonly user: Login;
  /** Whose catalogue the monitors read. */
  readonly monitorsRegion: string;
  readonly keystonePort: number;
  readonly brokerPort: number;
  readonly placementPort: number;
  readonly imagesPort: number;
  readonly nova: NovaApi;
  readonly masakari: MasakariApi;
  /** What the engine asks of Nova. */
  readonly novaCalls: RecordingProxy;
  /** What the monitors ask of Masakari, if they are led through it. */
  readonly masakariCalls: RecordingProxy;
  /** The end of what each server has logged. */
  logs(): string;
  stop(): Promise<void>;
}

const user: Login = { username: "masakari", password: "cloud-secret-of-tests", project: "service" };
const monitorsRegion = "Nodes";
const brokerLogin = "guest:guest";

export const brokerUrl = (address: string, port: number): string => `rabbit://${brokerLogin}@${address}:${port}/`;

/** About a minute. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const folder = await mkdtemp(join(tmpdir(), "masakari-cloud-"));
  const servers: Child[] = [];
  const keep = (...started: readonly Child[]): void => void servers.push(...started);
  const images = await startImagesAndNetworks();
  const proxies: RecordingProxy[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await Promise.all(servers.map((server) => server.stop("SIGKILL")));
    await images.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const name of ["keystone", "masakari", "nova", "placement"]) await mkdir(join(folder, name));
    const [database, broker, keystone] = await Promise.all([
      Database.start(join(folder, "database")),
      startBroker(join(folder, "broker")),
      startKeystone(join(folder, "keystone"), 3600),
      createMasakariDatabase(join(folder, "masakari")),
    ]);
    keep(database.server, ...broker.servers, keystone.server);
    const keystoneApi = new KeystoneApi(keystone.url);
    await keystoneApi.logIn(admin);
    await keystoneApi.createUser(user, "admin");
    const ports = { placement: await freePort(), nova: await freePort() };
    const places: Places = {
      keystoneUrl: keystone.url,
      brokerUrl: brokerUrl("127.0.0.1", broker.port),
      placementUrl: `http://127.0.0.1:${ports.placement}`,
      imagesUrl: `http://127.0.0.1:${images.port}`,
    };
    await configure(folder, database, places, ports.nova, options.heartbeat);
    await createDatabases(folder, database, places);
    const nova = await startNova(folder, ports, keep);
    const novaCalls = new RecordingProxy(nova);
    proxies.push(novaCalls);
    await novaCalls.listen();
    await keystoneApi.createEndpoints("compute", "nova", region, `${novaCalls.origin}/v2.1`);
    const masakari = await startMasakari(join(folder, "masakari"), {
      ...{ keystoneUrl: keystone.url, login: user, engine: false, duplicateInterval: 180 },
      ...{ transportUrl: places.brokerUrl, more: options.masakari },
    });
    const engine = startEngine(masakari);
    keep(masakari.server, engine);
    const masakariCalls = new RecordingProxy(masakari.url);
    proxies.push(masakariCalls);
    await masakariCalls.listen();
    await keystoneApi.createEndpoints("instance-ha", "masakari", region, masakari.url);
    await keystoneApi.createRegion(monitorsRegion);
    await keystoneApi.createEndpoints("instance-ha", "masakari", monitorsRegion, options.monitorsMasakariUrl);
    const token = await keystoneApi.token(user);
    return {
      ...{ user, monitorsRegion, novaCalls, masakariCalls, stop },
      ...{ keystonePort: Number(new URL(keystone.url).port), brokerPort: broker.port },
      ...{ placementPort: ports.placement, imagesPort: images.port },
      nova: new NovaApi(`${nova}/v2.1`, token, database),
      masakari: new MasakariApi(masakari.url, token),
      logs: () => servers.map(({ output }) => output.slice(-2000)).join("\n---\n"),
    };
  } catch (error) {
    const logs = servers.map(({ output }) => output.slice(-2000)).join("\n---\n");
    await stop();
    throw new Error(`the cloud does not start; the servers' logs end with:\n${logs}`, { cause: error });
  }
}

async function configure(
  folder: string,
  database: Database,
  places: Places,
  port: number,
  heartbeat: Heartbeat,
): Promise<void> {
  const auth = `[keystone_authtoken]\nwww_authenticate_uri = ${places.keystoneUrl}\n${login(user, places.keystoneUrl)}\n`;
  const nova = `${novaConf(join(folder, "nova"), "controller", user, places, heartbeat)}
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = /etc/nova/api-paste.ini
[api_database]
connection = ${database.url("nova_api")}
[database]
connection = ${database.url("nova")}
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 2
${auth}`;
  const api = `[DEFAULT]
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_listen_port = ${port}
osapi_compute_workers = 1
`;
  const placement = `[api]\nauth_strategy = keystone\n[placement_database]\nconnection = ${database.url("placement")}\n${auth}`;
  await writeFile(join(folder, "nova/nova.conf"), nova, { mode: 0o600 });
  await writeFile(join(folder, "nova/api.conf"), api);
  await writeFile(join(folder, "placement/placement.conf"), placement, { mode: 0o600 });
}

async function createDatabases(folder: string, database: Database, places: Places): Promise<void> {
  for (const name of ["nova_api", "nova", "nova_cell0", "placement"]) await database.run(`create database ${name}`);
  const nova = async (...words: readonly string[]): Promise<void> => {
    await runToEnd("nova-manage", ["--config-file", join(folder, "nova/nova.conf"), ...words]);
  };
  const placement = ["--config-file", join(folder, "placement/placement.conf"), "db", "sync"];
  const created = runToEnd("placement-manage", placement);
  await nova("api_db", "sync");
  await nova("cell_v2", "map_cell0", "--database_connection", database.url("nova_cell0"));
  await nova("db", "sync");
  const cell = ["--transport-url", places.brokerUrl, "--database_connection", database.url("nova")];
  await nova("cell_v2", "create_cell", "--name", "cell1", ...cell);
  await created;
}

/** @returns the origin of nova-api */
async function startNova(
  folder: string,
  ports: { readonly nova: number; readonly placement: number },
  keep: (...started: readonly Child[]) => void,
): Promise<string> {
  const placement = new Child(
    "uwsgi",
    [
      ...["--plugins", "python3", "--http-socket", `127.0.0.1:${ports.placement}`],
      ...["--wsgi-file", "/usr/bin/placement-api", "--enable-threads", "--die-on-term", "--buffer-size", "65535"],
      ...["--add-header", "Connection: close"],
    ],
    { env: { OS_PLACEMENT_CONFIG_DIR: join(folder, "placement") }, log: join(folder, "placement/log") },
  );
  const files = ["--config-file", join(folder, "nova/nova.conf")];
  const start = (name: string, ...more: readonly string[]): Child => {
    return new Child(`nova-${name}`, [...files, ...more], { log: join(folder, `nova/${name}.log`) });
  };
  const api = start("api", "--config-file", join(folder, "nova/api.conf"));
  keep(placement, api, start("conductor"), start("scheduler"));
  const origin = `http://127.0.0.1:${ports.nova}`;
  await answering("placement", placement, `http://127.0.0.1:${ports.placement}/`);
  await answering("nova-api", api, `${origin}/`);
  return origin;
}

/**
 * Waits until Nova would place guests on all of them. A nova-compute reports for the first time 5 s after it registered (Nova's
 * `INITIAL_REPORTING_DELAY`): with a shorter `service_down_time` it is up, down, and up again.
 */
export async function hostsReady({ nova }: Cloud, hosts: readonly string[]): Promise<void> {
  await eventually(
    `nova-compute on ${hosts.join(", ")} to be up and known to the scheduler`,
    300_000,
    async () => {
      const services = await nova.services();
      const up = services.filter(
        ({ host, state, updated_at: reportedAt }) => hosts.includes(host) && state === "up" && reportedAt !== null,
      );
      return up.length === hosts.length && (await nova.mappedHosts()) >= hosts.length ? true : undefined;
    },
    300,
  );
}
