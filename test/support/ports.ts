import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ListenOptions } from "node:net";

/** Well above what services of this machine listen on. */
const FIRST = 10_240;
/** Where the kernel gives ports from lower on than this, it is not avoided. */
const LEAST_END = 12_288;
const ATTEMPTS = 200;

/**
 * A loopback port that nobody else comes by until this process ends, for a server that cannot be made to choose one and to print which, and for
 * one that is to be gone for a while. The kernel gives it neither to who listens on port 0 nor to a connection, which take a "free port" of
 * theirs between the look and the start of its server; and the processes of other tests see by a socket of its name that it is reserved.
 * @param count so many that follow each other, of which the first is returned: `[metrics] port` is the first of four
 */
export async function freePort(count = 1): Promise<number> {
  const end = Math.max(firstOfKernel(), LEAST_END) - count;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const first = FIRST + Math.floor(Math.random() * (end - FIRST));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(reserve))).every(Boolean)) return first;
  }
  throw new Error(`no TCP port is free from ${FIRST} to ${end}`);
}

/** @returns whether it is this process's now */
async function reserve(port: number): Promise<boolean> {
  const reservation = await listening({ path: `\0masakari-test-port-${port}` });
  // It goes with the process.
  reservation?.unref();
  const server = reservation && (await listening({ host: "127.0.0.1", port }));
  if (server === undefined) return false;
  server.close();
  await once(server, "close");
  return true;
}

/** The first of the ports that the kernel gives (ip_local_port_range). */
function firstOfKernel(): number {
  return Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s/)[0]);
}

/** @returns undefined if the address is in use */
async function listening(options: ListenOptions) {
  const server = createServer().listen(options);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return undefined;
  }
}
