import { join } from "node:path";
import type { Connection } from "../../../src/libvirt/mod.ts";
import { eventually } from "../../support/eventually.ts";
import { Guest } from "./guest.ts";
import type { Libvirtd } from "./libvirtd.ts";

/** A compute host, as far as a migration is concerned. */
export interface Place {
  readonly libvirtd: Libvirtd;
  /** Not read-only. */
  readonly connection: Connection;
}

/**
 * How the guest is moved. `p2p` is Nova's way: the source's libvirtd talks to the destination's; `direct`: the client does,
 * to both; `tunnelled`: the guest's memory goes through both libvirtds too (Nova's `live_migration_tunnelled`).
 */
export type Way = "p2p" | "direct" | "tunnelled";

/** Starts a live migration as Nova does: persistent there, undefined here. Resolves when it has succeeded, rejects when not. */
export async function migrate(
  guest: Guest,
  from: Place,
  to: Place,
  way: Way = "p2p",
  ...more: string[]
): Promise<void> {
  const { uri, folder } = to.libvirtd;
  const memory = ["--migrateuri", `unix://${join(folder, "run", `${guest.name}.migration`)}`];
  const how = { p2p: ["--p2p", ...memory], direct: memory, tunnelled: ["--p2p", "--tunnelled"] }[way];
  const always = ["--live", "--persistent", "--undefinesource", "--desturi", uri];
  await from.libvirtd.virsh("migrate", ...always, ...how, ...more, guest.name);
}

/** A guest whose migration by `migrateSlowly` would take four minutes: it must not be over before a test has cut it short. */
export const slowToMove = { memoryMiB: 256 } as const;

/**
 * Starts a live migration of a guest that is `slowToMove`, and returns when it is under way.
 * @returns how it ended: the error's text, or undefined if it has succeeded
 */
export async function migrateSlowly(
  guest: Guest,
  from: Place,
  to: Place,
  ...more: string[]
): Promise<{ readonly ended: Promise<string | undefined> }> {
  guest.send("x-fill");
  // A MiB a second is the slowest that libvirt has.
  await from.libvirtd.virsh("migrate-setspeed", guest.name, "1");
  const ended = migrate(guest, from, to, "p2p", ...more).then(() => undefined, String);
  await eventually("the migration to be under way", 60_000, async () => {
    const [{ reasonName }, job] = await Promise.all([
      to.connection.lookup(guest.domain.uuid).then((domain) => to.connection.state(domain)),
      from.libvirtd.virsh("domjobinfo", guest.name),
    ]);
    return reasonName === "MIGRATION" && /Iteration:\s+1/.test(job) ? true : undefined;
  });
  return { ended };
}

/** The guest where it is after the migration. */
export async function arrived(guest: Guest, { libvirtd, connection }: Place): Promise<Guest> {
  return await Guest.find(libvirtd, connection, guest.domain.uuid);
}
