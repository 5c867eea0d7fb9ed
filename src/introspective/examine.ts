import { type Connection, isNoDomain } from "../libvirt/mod.ts";
import type { Activity, Findings } from "./observation.ts";
import { domainOf, isRunning } from "./session.ts";

/** Long enough for a busy libvirt; a QEMU whose own monitor hangs never answers, and nothing speaks for its guest then. */
const TIMEOUT_MS = 10_000;

/** What the guest does itself: requests to its disks, and what it sends. What is sent to it comes to a hung guest too. */
const OWN_ACTIVITY = /^(?:block\.\d+\.(?:rd|wr|fl)\.reqs|net\.\d+\.tx\.pkts)$/;

/** Looks up what is requested about a guest, within 10 s; what libvirt does not report is undefined. Never throws. */
export async function findingsOf(
  connection: Connection,
  asked: { readonly uuid: string; readonly job: boolean; readonly activity: boolean },
): Promise<Findings> {
  const { uuid } = asked;
  const [running, job, activity] = await Promise.all([
    isRunning(connection, uuid, TIMEOUT_MS).catch((error: unknown) => (isNoDomain(error) ? false : undefined)),
    asked.job ? hasJob(connection, uuid).catch(() => undefined) : undefined,
    asked.activity ? activityOf(connection, uuid).catch(() => undefined) : undefined,
  ]);
  return { running, job, activity };
}

async function hasJob(connection: Connection, uuid: string): Promise<boolean> {
  return (await connection.job(domainOf(uuid), { timeoutMs: TIMEOUT_MS })).underWay;
}

async function activityOf(connection: Connection, uuid: string): Promise<Activity | undefined> {
  const filter = { block: true, interface: true };
  const [stats] = await connection.stats([domainOf(uuid)], filter, { timeoutMs: TIMEOUT_MS });
  if (!stats) return undefined;
  const own = [...stats.values].filter(([name]) => OWN_ACTIVITY.test(name));
  return Object.fromEntries(own.map(([name, count]) => [name, String(count)]));
}
