import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Child } from "../../support/child.ts";
import { admin, region, startKeystone } from "./keystone.ts";
import { KeystoneApi, type Login } from "./keystone-api.ts";
import { createMasakariDatabase, startMasakari } from "./masakari.ts";
import { startStubNova } from "./nova.ts";

/** The user that the monitors log in as, with Masakari's own. */
const monitors: Login = { username: "masakari", password: "monitors-secret-of-tests", project: "service" };

/** All that another process needs to use running servers. */
export interface OpenStackAddress {
  /** With `/v3`; its tokens live an hour. */
  readonly keystoneUrl: string;
  /** For `startSecondKeystone`. */
  readonly keystoneDirectory: string;
  /** With `/v1`. */
  readonly masakariUrl: string;
  /** Of masakari-api, SQLite. */
  readonly masakariDatabase: string;
  readonly monitors: Login;
  readonly admin: Login;
  /** Where the servers write their logs, as they run. */
  readonly logFiles: readonly string[];
}

export interface OpenStackServers {
  readonly address: OpenStackAddress;
  /** @throws an error with the end of its log, if one of the servers has ended by itself or was killed */
  assertRunning(): void;
  /** Ends everything and removes the directory. */
  stop(): Promise<void>;
}

export interface OpenStackOptions {
  /** Also run masakari-engine (default true). It puts a host on maintenance after the first PROCESS/STOPPED. */
  readonly engine?: boolean;
  /** `[DEFAULT] duplicate_notification_detection_interval`, seconds (default 180, as Masakari's). */
  readonly duplicateInterval?: number;
  /** masakari 19.0.0 of Debian 13 in place of 14.0.2. */
  readonly isNewer?: boolean;
}

/** Real Keystone, real masakari-api and masakari-engine of Debian 12 on loopback, and a stub Nova; 15-30 s of start-up. */
export async function startOpenStack(options: OpenStackOptions = {}): Promise<OpenStackServers> {
  const directory = await mkdtemp(join(tmpdir(), "masakari-openstack-"));
  const servers: Child[] = [];
  const nova = await startStubNova();
  const stop = async () => {
    // Their data goes with the directory: nothing is won by waiting for a graceful end.
    await Promise.all(servers.map(async (server) => await server.stop("SIGTERM", 500)));
    await nova.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const keystoneDirectory = join(directory, "keystone");
    const masakariDirectory = join(directory, "masakari");
    await Promise.all([mkdir(keystoneDirectory), mkdir(masakariDirectory)]);
    const [keystone] = await Promise.all([
      startKeystone(keystoneDirectory, 3600),
      createMasakariDatabase(masakariDirectory, options.isNewer),
    ]);
    servers.push(keystone.server);
    const api = new KeystoneApi(keystone.url);
    await api.logIn(admin);
    await api.createUser(monitors, "admin");
    await api.createEndpoints("compute", "nova", region, nova.url);
    const masakari = await startMasakari(masakariDirectory, {
      keystoneUrl: keystone.url,
      login: monitors,
      engine: options.engine ?? true,
      duplicateInterval: options.duplicateInterval ?? 180,
      isNewer: options.isNewer,
    });
    servers.push(masakari.server);
    await api.createEndpoints("instance-ha", "masakari", region, masakari.url);
    return {
      address: {
        keystoneUrl: keystone.url,
        keystoneDirectory,
        masakariUrl: masakari.url,
        masakariDatabase: `${masakariDirectory}/masakari.sqlite`,
        monitors,
        admin,
        logFiles: [`${keystoneDirectory}/keystone.conf.log`, `${masakariDirectory}/masakari.conf.log`],
      },
      assertRunning: () => {
        const gone = servers.find((server) => !server.running);
        if (gone !== undefined) throw new Error(`a server has ended:\n${gone.output.slice(-2000)}`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
