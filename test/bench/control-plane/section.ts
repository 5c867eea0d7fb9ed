import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admin, defaultRounds, startKeystone } from "../../system/openstack/keystone.ts";
import { KeystoneApi, type Login } from "../../system/openstack/keystone-api.ts";
import { createMasakariDatabase, startMasakari } from "../../system/openstack/masakari.ts";
import { MasakariApi } from "../../system/openstack/masakari-api.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { cpuSecondsOf, megabytes, memoryOf, peakRssKiB, processesOf } from "../footprint.ts";
import { duration, type Row, type Section, type Target, times } from "../report.ts";
import { type Embedded, fillDatabase, startEmbedded } from "./embedded.ts";
import { type LoadRequest, type LoadResult, load, quantile } from "./load.ts";

const clients = 8;
const loadMs = 10_000;
const size = { hosts: 10_000, notifications: 100_000 };
const targets = { ratio: 20, memory: 5, listMs: 20, postMs: 10, rssKiB: 90_000_000 / 1024 };

/** A Keystone and a masakari-api, the real ones or the embedded. */
interface Cloud {
  readonly keystoneUrl: string;
  readonly masakariUrl: string;
  readonly login: Login;
}

/** Requests per second and memory beside the real Keystone and masakari-api, then the embedded ones with a large site's data. */
export async function controlPlane(address: OpenStackAddress): Promise<Section> {
  const directory = await mkdtemp(join(tmpdir(), "masakari-bench-control-plane-"));
  try {
    const python = await measurePython(directory, address);
    const ours = await measureOurs(join(directory, "small"));
    const large = await measureLarge(join(directory, "large"));
    return {
      rows: [...compare(python, ours), ...large.rows],
      targets: [...compareTargets(python, ours), ...large.targets],
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a load took of the servers, which does not depend on what else the machine does. */
interface Cpu {
  /** ms. */
  readonly perPost: number;
  readonly perList: number;
}

interface Measured {
  readonly post: LoadResult;
  readonly list: LoadResult;
  readonly logIn: LoadResult;
  readonly cpu: Cpu;
  /** Of Keystone and masakari-api together, after the load. */
  readonly memoryKiB: number;
}

const what = {
  post: "POST /notifications",
  list: "GET /notifications?limit=100",
  logIn: "login with a password, hashed as each does by default (Keystone: bcrypt, 12 rounds)",
} as const;
const kinds = ["post", "list", "logIn"] as const;

/**
 * A masakari-api of its own, that keeps tokens for 300 s as they do by default, and the Keystone that all sections use; logins by another
 * Keystone, because that one's passwords are hashed at the least cost.
 */
async function measurePython(parent: string, { keystoneUrl, monitors }: OpenStackAddress) {
  const directory = join(parent, "python");
  await mkdir(directory);
  await createMasakariDatabase(directory);
  const { url, server } = await startMasakari(directory, {
    ...{ keystoneUrl, login: monitors, engine: false, duplicateInterval: 0, tokenCacheTime: 300 },
  });
  try {
    // Keystone has the address that it listens on in its command line.
    const servers = () => processesOf(server.pid, new URL(keystoneUrl).host);
    const loads = await measureApi({ keystoneUrl, masakariUrl: url, login: monitors }, servers);
    const memoryKiB = memoryOf(servers()).pssKiB;
    return { ...loads, logIn: await measurePythonLogins(directory), memoryKiB };
  } finally {
    await server.stop("SIGTERM", 500);
  }
}

async function measurePythonLogins(directory: string): Promise<LoadResult> {
  const keystone = await startKeystone(directory, 3600, defaultRounds);
  try {
    return await load(() => loginRequest({ keystoneUrl: keystone.url, login: admin }), clients, loadMs);
  } finally {
    await keystone.server.stop("SIGTERM", 500);
  }
}

async function measureOurs(stateDirectory: string): Promise<Measured> {
  const embedded = await startEmbedded(stateDirectory);
  try {
    const loads = await measureApi(embedded, () => [embedded.server.pid]);
    const logIn = await load(() => loginRequest(embedded), clients, loadMs);
    return { ...loads, logIn, memoryKiB: memoryOf([embedded.server.pid]).pssKiB };
  } finally {
    await embedded.server.stop();
  }
}

async function measureApi(cloud: Cloud, servers: () => number[]): Promise<Pick<Measured, "post" | "list" | "cpu">> {
  const token = await new KeystoneApi(cloud.keystoneUrl).token(cloud.login);
  const host = `bench-${randomUUID()}`;
  await new MasakariApi(cloud.masakariUrl, token).registerHost(host);
  const withCpu = async (next: () => LoadRequest) => {
    const before = cpuSecondsOf(servers());
    const result = await load(next, clients, loadMs);
    return { result, perRequest: ((cpuSecondsOf(servers()) - before) * 1000) / result.durations.length };
  };
  const post = await withCpu(() => notification(cloud, token, host));
  const list = await withCpu(() => listing(cloud, token, "limit=100"));
  const cpu = { perPost: post.perRequest, perList: list.perRequest };
  return { post: post.result, list: list.result, cpu };
}

function compare(python: Measured, ours: Measured): Row[] {
  const loads = kinds.map((kind) => ({
    what: `${what[kind]}, ${clients} clients: requests per second (p50, p99)`,
    python: rate(python[kind]),
    ours: rate(ours[kind]),
    ratio: times(ours[kind].perSecond / python[kind].perSecond),
  }));
  const memory = {
    what: "Keystone and masakari-api after that load, PSS",
    python: megabytes(python.memoryKiB),
    ours: megabytes(ours.memoryKiB),
    ratio: times(python.memoryKiB / ours.memoryKiB),
  };
  const cpu = (["perPost", "perList"] as const).map((kind) => ({
    what: `CPU of Keystone and masakari-api for each ${kind === "perPost" ? what.post : what.list}`,
    python: duration(python.cpu[kind]),
    ours: duration(ours.cpu[kind]),
    ratio: times(python.cpu[kind] / ours.cpu[kind]),
  }));
  return [...loads, ...cpu, memory];
}

function compareTargets(python: Measured, ours: Measured): Target[] {
  // A login is as slow as each side chose its hash: no target.
  const loads = (["post", "list"] as const).map((kind) => {
    const ratio = ours[kind].perSecond / python[kind].perSecond;
    return {
      what: `${what[kind]}, throughput beside Python's`,
      wanted: `≥ ${targets.ratio} ×`,
      measured: times(ratio),
      reached: ratio >= targets.ratio,
    };
  });
  const memory = python.memoryKiB / ours.memoryKiB;
  return [
    ...loads,
    {
      what: "control plane's memory beside Python's",
      wanted: `≤ 1/${targets.memory}`,
      measured: `1/${memory.toFixed(1)}`,
      reached: memory >= targets.memory,
    },
  ];
}

const lists = {
  "100 newest": "limit=100",
  "1,000 newest": "",
  "100 by generated_time": "sort_key=generated_time&limit=100",
  "100 by updated_at": "sort_key=updated_at&limit=100",
  "100 of one type": "type=PROCESS&limit=100",
  "100 generated since": "generated-since=2000-01-01&limit=100",
  "100 of one status and type, by generated_time": "status=new&type=PROCESS&sort_key=generated_time&limit=100",
} as const;

async function measureLarge(stateDirectory: string): Promise<Section> {
  await fillDatabase(stateDirectory, size.hosts, size.notifications);
  const embedded = await startEmbedded(stateDirectory);
  try {
    return await measureLargeSite(embedded);
  } finally {
    await embedded.server.stop();
  }
}

async function measureLargeSite(embedded: Embedded): Promise<Section> {
  const token = await new KeystoneApi(embedded.keystoneUrl).token(embedded.login);
  const site = `${size.hosts} hosts, ${size.notifications} notifications`;
  const rows: Row[] = [];
  const found: Target[] = [];
  const add = (name: string, result: LoadResult, share: number, limitMs: number) => {
    const measured = quantile(result, share);
    rows.push({ what: `${site}: ${name}, 1 client`, python: "–", ours: rate(result), ratio: "–" });
    found.push({
      what: `${site}: ${name}, p${share * 100}`,
      wanted: `≤ ${limitMs} ms`,
      measured: duration(measured),
      reached: measured <= limitMs,
    });
  };
  let index = 0;
  const post = () => notification(embedded, token, `host-${index++ % size.hosts}`);
  add("POST /notifications", await load(post, 1, loadMs), 0.99, targets.postMs);
  for (const [name, query] of Object.entries(lists)) {
    add(`list ${name}`, await load(() => listing(embedded, token, query), 1, loadMs / 2), 0.5, targets.listMs);
  }
  await load(() => listing(embedded, token, ""), 16, loadMs);
  const peak = peakRssKiB(embedded.server.pid);
  found.push({
    what: `${site}: peak RSS, after 16 clients that list 1,000`,
    wanted: `≤ ${megabytes(targets.rssKiB)}`,
    measured: megabytes(peak),
    reached: peak <= targets.rssKiB,
  });
  return { rows, targets: found };
}

function rate(result: LoadResult): string {
  return `**${result.perSecond.toFixed(0)}/s** (${duration(quantile(result, 0.5))}, ${duration(quantile(result, 0.99))})`;
}

function notification({ masakariUrl }: Cloud, token: string, hostname: string): LoadRequest {
  const payload = { process_name: randomUUID(), event: "STOPPED" };
  const generated_time = new Date().toISOString().slice(0, -1);
  return {
    ...{ method: "POST", url: `${masakariUrl}/notifications`, headers: { "x-auth-token": token } },
    body: { notification: { type: "PROCESS", hostname, generated_time, payload } },
  };
}

function listing({ masakariUrl }: Cloud, token: string, query: string): LoadRequest {
  return { method: "GET", url: `${masakariUrl}/notifications?${query}`, headers: { "x-auth-token": token } };
}

function loginRequest({
  keystoneUrl,
  login: { username, password, project },
}: Pick<Cloud, "keystoneUrl" | "login">): LoadRequest {
  const domain = { id: "default" };
  const identity = { methods: ["password"], password: { user: { name: username, domain, password } } };
  return {
    ...{ method: "POST", url: `${keystoneUrl}/auth/tokens`, headers: {} },
    body: { auth: { identity, scope: { project: { name: project, domain } } } },
  };
}
