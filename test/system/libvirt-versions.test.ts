import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Connection, connect, ServerError } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { eventually } from "../support/eventually.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Guest } from "./libvirt/guest.ts";
import { Libvirtd } from "./libvirt/libvirtd.ts";
import { missingForLibvirt } from "./libvirt/packages.ts";

/**
 * What each libvirt replies when a guest-ping is not answered, recorded in test/fixtures, where the unit tests hold what it means.
 * The machine's own libvirt is always asked; others with LIBVIRT_SUITES="trixie sid", in a root folder that is made for each
 * (`libvirt/make-root.sh`; as root, with debootstrap). RECORD=1 writes the fixtures.
 */
const suites = (process.env.LIBVIRT_SUITES ?? "").split(" ").filter((suite) => suite !== "");
const roots = "/var/cache/masakari-monitors-tests/roots";
const makeRoot = fileURLToPath(new URL("libvirt/make-root.sh", import.meta.url));
const fixtures = new URL("../fixtures/libvirt/agent-errors/", import.meta.url);

const BOOT_MS = 120_000;
const MAKE_ROOT_MS = 1_200_000;
/** libvirt replies after 30 s who holds an agent. */
const FREEZE_S = 45;
const PING = '{"execute":"guest-ping"}';

interface ReportedError {
  readonly number: number;
  readonly text: string;
}

const skip = await missingForLibvirt({ linuxGuest: true });
describe("what libvirt replies about an agent that does not answer", { skip }, () => {
  for (const suite of [undefined, ...suites]) {
    test(`${suite ?? "this machine"}'s libvirt`, { timeout: MAKE_ROOT_MS }, async (t) => {
      const libvirtd = await Libvirtd.start(suite === undefined ? {} : { root: await rootOf(suite) });
      t.after(() => libvirtd.stop());
      const connection = await connect(libvirtd.uri, { clock: systemClock, log: new KeptLog() });
      t.after(() => connection.close());
      const version = await connection.version();
      const errors = await errorsOf(libvirtd, connection);
      const fixture = new URL(`libvirt-${version}.json`, fixtures);
      if (process.env.RECORD === "1") {
        await mkdir(fixtures, { recursive: true });
        await writeFile(fixture, `${JSON.stringify(errors, undefined, 2)}\n`);
      }
      assert.deepEqual(errors, JSON.parse(await readFile(fixture, "utf8")));
    });
  }
});

async function rootOf(suite: string): Promise<string> {
  const root = `${roots}/${suite}`;
  await mkdir(roots, { recursive: true });
  await promisify(execFile)(makeRoot, [suite, root], { maxBuffer: 2 ** 26 });
  return root;
}

/** Each error by what the guest is like. */
async function errorsOf(libvirtd: Libvirtd, connection: Connection): Promise<Record<string, ReportedError>> {
  const errors: Record<string, ReportedError> = {};
  const note = async (what: string, guest: Guest, timeoutS = 2): Promise<void> => {
    errors[what] = await errorOf(connection, guest, timeoutS);
  };
  const start = (name: string, words: string): Promise<Guest> =>
    Guest.start(libvirtd, connection, name, { system: "linux", words });
  const [guest, blocked, none] = await Promise.all([
    start("instance-1", `agent.freeze=${FREEZE_S}`),
    start("instance-2", "agent.options=--block-rpcs=guest-ping"),
    Guest.start(libvirtd, connection, "instance-3", { channels: [], agent: "bare" }),
  ]);
  await Promise.all([guest.answering(BOOT_MS), knows(connection, blocked)]);
  await note("guest-ping is blocked", blocked);
  await note("there is no channel", none);

  // The agent hangs once it has answered this command, and ends amid a later one.
  const stop = "sleep 2; kill -STOP $(pidof qemu-ga); echo stopped >/dev/console";
  await guest.run(`${stop}; sleep 30; kill -CONT $(pidof qemu-ga)`);
  await guest.printed("stopped");
  await note("hangs, the first ping", guest);
  await note("hangs, a later ping", guest);
  await eventually("the agent to go on", BOOT_MS, () => guest.ping());
  // It is started again all the time, but not as long as it is away.
  const away = "mv /bin/qemu-ga /bin/away; kill -KILL $(pidof qemu-ga); sleep 20; mv /bin/away /bin/qemu-ga";
  await guest.run(`${stop}; sleep 10; ${away}`);
  await guest.printed("stopped", 2);
  await note("the agent ends amid the ping", guest, 60);
  await note("the agent has ended", guest);
  await guest.answering(BOOT_MS);

  const freeze = libvirtd.virsh("domfsfreeze", guest.name);
  await guest.printed("freezing");
  await note("a file system freeze occupies the agent", guest);
  await freeze;
  await libvirtd.virsh("domfsthaw", guest.name);
  const command = connection.agentCommand(guest.domain, '{"execute":"guest-fsfreeze-freeze"}', FREEZE_S + 30, {
    timeoutMs: BOOT_MS,
  });
  await guest.printed("freezing", 2);
  await note("an agent command occupies the agent", guest);
  await command;

  await libvirtd.virsh("suspend", guest.name);
  await note("the guest is paused", guest);
  await guest.destroy();
  await note("there is no such guest", guest);
  return errors;
}

/** Resolves when the agent answers something, if not a ping. */
async function knows(connection: Connection, { domain, name }: Guest): Promise<void> {
  await eventually(`${name}'s agent`, BOOT_MS, () => connection.agentCommand(domain, '{"execute":"guest-info"}', 2));
}

async function errorOf(connection: Connection, { domain, name }: Guest, timeoutS: number): Promise<ReportedError> {
  try {
    await connection.agentCommand(domain, PING, timeoutS, { timeoutMs: BOOT_MS });
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return { number: error.number, text: error.detail.replaceAll(domain.uuid, "UUID").replaceAll(name, "NAME") };
  }
  throw new Error(`${name}'s agent has answered a ping that it was not to`);
}
