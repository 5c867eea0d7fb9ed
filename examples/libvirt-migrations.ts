/**
 * Lists the domains of a host: those that run, and those that are migrating from or to another host, with what is left to copy:
 *
 *     node examples/libvirt-migrations.ts [qemu:///system]
 *
 * While a domain migrates both hosts have it: the source as RUNNING with a job, the destination as PAUSED (MIGRATION).
 */
import { type Connection, connect, type Domain, isNoDomain } from "../src/libvirt/mod.ts";
import { systemClock } from "../src/system/system-clock.ts";
import { print, printLog, stopSignal } from "./print-log.ts";

const MIB = 1024n * 1024n;
const options = { timeoutMs: 10_000 };

async function describe(connection: Connection, domain: Domain): Promise<string> {
  const { stateName, reasonName } = await connection.state(domain, options);
  const line = `${domain.name} ${domain.uuid}: ${stateName} (${reasonName})`;
  if (stateName === "PAUSED" && reasonName === "MIGRATION") return `${line}, arriving from another host`;
  if (stateName === "SHUTOFF" && reasonName === "MIGRATED") return `${line}, moved to another host`;
  if (domain.id === -1) return line;
  const job = await connection.job(domain, options);
  if (!job.underWay) return line;
  const left = `${job.remainingBytes / MIB} of ${job.totalBytes / MIB} MiB left after ${Math.round(job.elapsedMs / 1000)} s`;
  return `${line}, being migrated, saved or dumped: ${left}`;
}

const connection = await connect(process.argv[2] ?? "qemu:///system", {
  clock: systemClock,
  log: printLog,
  readOnly: true,
  signal: stopSignal(),
});
try {
  for (const domain of await connection.listDomains({}, options)) {
    const line = await describe(connection, domain).catch((error: unknown) => {
      // A migration that has just ended: it is the other host's now.
      if (isNoDomain(error)) return undefined;
      throw error;
    });
    if (line !== undefined) print(line);
  }
} finally {
  await connection.close();
}
