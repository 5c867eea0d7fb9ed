import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, connect } from "../../../src/libvirt/mod.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { Guest, type GuestOptions } from "../../system/libvirt/guest.ts";
import { Libvirtd } from "../../system/libvirt/libvirtd.ts";

/** More QEMUs than this starting at a time are no faster on two cores. */
const starters = 4;

/** A libvirtd of its own with guests, and an ear of the benchmark's own on its events. */
export class Hypervisor {
  readonly libvirtd: Libvirtd;
  readonly #connection: Connection;
  readonly #stopped = new Map<string, number>();
  #made = 0;

  private constructor(libvirtd: Libvirtd, connection: Connection) {
    this.libvirtd = libvirtd;
    this.#connection = connection;
  }

  static async start(): Promise<Hypervisor> {
    const libvirtd = await Libvirtd.start();
    const connection = await connect(libvirtd.uri, { clock: systemClock, log: new KeptLog() });
    const hypervisor = new Hypervisor(libvirtd, connection);
    await connection.registerEvents(["lifecycle"], (event) => {
      if (event.kind !== "lifecycle" || event.eventName !== "STOPPED") return;
      hypervisor.#stopped.set(event.domain.uuid, performance.now());
    });
    return hypervisor;
  }

  /** When libvirt's event of the guest's end arrived here: `performance.now()`. */
  stoppedAt(guest: Guest): number | undefined {
    return this.#stopped.get(guest.domain.uuid);
  }

  /** Guests that run; those with an agent answer pings. */
  async guests(count: number, options: GuestOptions = {}): Promise<Guest[]> {
    const guests: Guest[] = [];
    const start = async () => {
      while (guests.length < count) {
        this.#made += 1;
        const name = `instance-${this.#made.toString(16).padStart(8, "0")}`;
        const place = guests.push(undefined as never) - 1;
        guests[place] = await Guest.start(this.libvirtd, this.#connection, name, { uuid: randomUUID(), ...options });
        if (options.agent !== "bare") await guests[place].answering();
      }
    };
    await Promise.all(Array.from({ length: starters }, start));
    return guests;
  }

  /** Guests as Nova makes them: libvirt still knows them when they have ended. */
  async definedGuests(count: number): Promise<Guest[]> {
    const guests = await this.guests(count, { agent: "bare" });
    for (const guest of guests) {
      const file = join(this.libvirtd.folder, `${guest.name}.xml`);
      await writeFile(file, await this.#connection.xml(guest.domain));
      await this.libvirtd.virsh("define", file);
    }
    return guests;
  }

  async stop(): Promise<void> {
    await this.#connection.close();
    await this.libvirtd.stop();
  }
}
