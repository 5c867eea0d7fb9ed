/**
 * Prints each change of a domain's state, including those that happened while libvirtd or this program was not running, until Ctrl-C:
 *
 *     node examples/libvirt-watcher.ts STATE_FILE [qemu:///system]
 *
 * An event is only a reason to read the domain's state; what is printed is the difference from the last known state. So it does not
 * matter whether an event was missed. The id of a domain changes with each start: a restart between two reads is seen too.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Connection, isNoDomain, maintainConnection } from "../src/libvirt/mod.ts";
import { systemClock } from "../src/system/system-clock.ts";
import { print, printLog, stopSignal } from "./print-log.ts";

const [, , file, uri = "qemu:///system"] = process.argv;
if (file === undefined) throw new Error("usage: node examples/libvirt-watcher.ts STATE_FILE [URI]");

const READ_AGAIN_MS = 10_000;

/** By UUID: name and state. */
const known = new Map<string, string>(existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : []);

function save(path: string): void {
  writeFileSync(`${path}.new`, JSON.stringify([...known]));
  renameSync(`${path}.new`, path);
}

async function read(connection: Connection, uuid: string): Promise<string | undefined> {
  try {
    const domain = await connection.lookup(uuid);
    const { stateName, reasonName } = await connection.state(domain);
    const run = domain.id === -1 ? "" : `, id ${domain.id}`;
    return `${domain.name}: ${stateName} (${reasonName}${run})`;
  } catch (error) {
    if (isNoDomain(error)) return undefined;
    throw error;
  }
}

async function update(connection: Connection, uuid: string, path: string): Promise<void> {
  const [before, now] = [known.get(uuid), await read(connection, uuid)];
  if (before === now) return;
  print(now === undefined ? `${before} -> gone` : `${now}${before === undefined ? "" : `, was ${before}`}`);
  if (now === undefined) known.delete(uuid);
  else known.set(uuid, now);
  save(path);
}

async function onConnected(connection: Connection, connected: AbortSignal): Promise<void> {
  // One after the other, so that an older state never overwrites a newer one.
  let last = Promise.resolve();
  const queue = (uuid: string): Promise<void> => {
    last = last.then(() => update(connection, uuid, file ?? ""));
    // What cannot be read is read after the next connection.
    last.catch((error: Error) => connection.close(error));
    return last;
  };
  // Registered before listed, so that nothing falls between.
  await connection.registerEvents(["lifecycle"], ({ domain }) => void queue(domain.uuid).catch(() => undefined));
  const readAll = async (): Promise<void> => {
    const listed = (await connection.listDomains()).map(({ uuid }) => uuid);
    await Promise.all([...new Set([...listed, ...known.keys()])].map(queue));
  };
  await readAll();
  print(`watching ${known.size} domains`);
  void readAgain(readAll, connected).catch((error: Error) => connection.close(error));
}

/** A libvirtd that has just started sends no event for a domain that it finds dead while it takes over its domains. */
async function readAgain(readAll: () => Promise<void>, connected: AbortSignal): Promise<void> {
  while (!connected.aborted) {
    await systemClock.sleep(READ_AGAIN_MS, connected).catch(() => undefined);
    if (!connected.aborted) await readAll();
  }
}

await maintainConnection(uri, { clock: systemClock, log: printLog, readOnly: true, onConnected }, stopSignal());
