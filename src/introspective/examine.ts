import { i32, struct, u64 } from "../libvirt/codec/codec.ts";
import type { Connection } from "../libvirt/connection.ts";
import type { Procedure } from "../libvirt/protocol/procedures.ts";
import { program } from "../libvirt/protocol/programs.ts";
import { domain } from "../libvirt/protocol/shapes.ts";
import type { Activity, Findings } from "./observation.ts";
import { domainOf, isNoDomain, isRunning } from "./session.ts";

/** Long enough for a busy libvirt; a QEMU whose own monitor hangs never answers, and nothing speaks for its guest then. */
const TIMEOUT_MS = 10_000;

/** remote_domain_get_job_info_ret */
const jobInfo = struct({
  type: i32,
  timeElapsed: u64,
  timeRemaining: u64,
  dataTotal: u64,
  dataProcessed: u64,
  dataRemaining: u64,
  memTotal: u64,
  memProcessed: u64,
  memRemaining: u64,
  fileTotal: u64,
  fileProcessed: u64,
  fileRemaining: u64,
});
/** remote_protocol.x */
const domainGetJobInfo = {
  name: "DOMAIN_GET_JOB_INFO",
  program: program.remote,
  number: 163,
  args: struct({ domain }),
  result: jobInfo,
} as const satisfies Procedure<unknown, unknown>;
/** virDomainJobType: bounded and unbounded; 0 is none, above are jobs that have ended. */
const UNDER_WAY: ReadonlySet<number> = new Set([1, 2]);

/** What the guest does itself: requests to its disks, and what it sends. What is sent to it comes to a hung guest too. */
const OWN_ACTIVITY = /^(?:block\.\d+\.(?:rd|wr|fl)\.reqs|net\.\d+\.tx\.pkts)$/;

/** Looks up what is asked for about a guest, within 10 s; what libvirt does not tell is undefined. Never throws. */
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
  const { type } = await connection.call(domainGetJobInfo, { domain: domainOf(uuid) }, { timeoutMs: TIMEOUT_MS });
  return UNDER_WAY.has(type);
}

async function activityOf(connection: Connection, uuid: string): Promise<Activity | undefined> {
  const filter = { block: true, interface: true };
  const [stats] = await connection.stats([domainOf(uuid)], filter, { timeoutMs: TIMEOUT_MS });
  if (!stats) return undefined;
  const own = [...stats.values].filter(([name]) => OWN_ACTIVITY.test(name));
  return Object.fromEntries(own.map(([name, count]) => [name, String(count)]));
}
