import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { access, readFile, rename, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Connection, Domain } from "../../../src/libvirt/mod.ts";
import { eventually } from "../../support/eventually.ts";
import type { Libvirtd } from "./libvirtd.ts";
import { buildLinuxGuest } from "./linux-guest.ts";

export interface GuestOptions {
  /** `tiny`, the default, is 2 MiB and answers at once; `linux` has 96 MiB, the real guest agent, and boots for some 5 s. */
  readonly system?: "tiny" | "linux";
  /** More words on the kernel's command line of a Linux guest; those for the agent are in `guest/init.sh`. */
  readonly words?: string;
  /** Default `answers`. `hangs`: opens the agent's port and never answers; `deaf`: never opens it; `bare`: no program. */
  readonly agent?: "answers" | "hangs" | "deaf" | "bare";
  /** Names of the virtio-serial channels, in order. Default the guest agent's alone; none: []. */
  readonly channels?: readonly string[];
  readonly uuid?: string;
  /** As Nova makes them: libvirt still knows it when it has ended. */
  readonly defined?: boolean;
  /** Of a tiny guest; default 2. */
  readonly memoryMiB?: number;
  /** What libvirt does about a panic, a reset and a power-off by the guest. Default destroy, restart, destroy. */
  readonly onCrash?: string;
  readonly onReboot?: string;
  readonly onPoweroff?: string;
  /** Puts an i6300esb watchdog in, with this action. */
  readonly watchdog?: string;
  /** More children of `<devices>`, e.g. a disk. */
  readonly devices?: string;
}

/** What a tiny guest can be made to do; see `guest/tiny.c`. */
export type GuestCommand =
  | "x-hang"
  | "x-hang-reading"
  | "x-close"
  | "x-flap"
  | "x-panic"
  | "x-reset"
  | "x-triple"
  | "x-poweroff"
  | "x-garbage"
  | "x-fill"
  | "x-watchdog";

const agentChannel = "org.qemu.guest_agent.0";
const source = fileURLToPath(new URL("guest/tiny.c", import.meta.url));
const compile = promisify(execFile);

/** A real QEMU (TCG, no KVM) with a guest, mostly one of 2 MiB, running under a test's libvirtd. A hundred of them fit anywhere. */
export class Guest {
  readonly domain: Domain;
  readonly #libvirtd: Libvirtd;
  readonly #connection: Connection;

  private constructor(libvirtd: Libvirtd, connection: Connection, domain: Domain) {
    this.#libvirtd = libvirtd;
    this.#connection = connection;
    this.domain = domain;
  }

  /**
   * Starts a domain, transient unless it is to be defined: then it is gone once it ends. The agent may not answer yet: see `answering`.
   * @param connection not read-only; not one whose calls are under test
   */
  static async start(
    libvirtd: Libvirtd,
    connection: Connection,
    name: string,
    options: GuestOptions = {},
  ): Promise<Guest> {
    const program = options.system === "linux" ? await linux(options) : tiny(await buildGuest(), options);
    const xml = domainXml(name, program, options);
    const guest = new Guest(libvirtd, connection, await connection.createDomain(xml));
    if (options.defined) await guest.define();
    return guest;
  }

  /** The same guest where it is now, after a migration. */
  static async find(libvirtd: Libvirtd, connection: Connection, uuid: string): Promise<Guest> {
    return new Guest(libvirtd, connection, await connection.lookup(uuid));
  }

  /** Makes it persistent. */
  async define(): Promise<void> {
    const file = join(this.#libvirtd.folder, `${this.name}.xml`);
    await writeFile(file, await this.#connection.xml(this.domain));
    await this.#libvirtd.virsh("define", file);
  }

  get name(): string {
    return this.domain.name;
  }

  /** QEMU's process. */
  get pid(): number {
    return Number(readFileSync(join(this.#libvirtd.folder, "run/qemu", `${this.name}.pid`), "utf8"));
  }

  /** E.g. SIGKILL: the failure itself; SIGSTOP: QEMU hangs, and libvirt emits nothing. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Resolves once its agent answers a ping. */
  async answering(withinMs = 30_000): Promise<this> {
    await eventually(`${this.name}'s agent`, withinMs, () => this.ping());
    return this;
  }

  async ping(timeoutS = 2): Promise<string> {
    return await this.#connection.agentCommand(this.domain, '{"execute":"guest-ping"}', timeoutS);
  }

  /** Resolves as soon as the command is on its way: the guest does not answer it. */
  send(what: GuestCommand): void {
    this.#connection.agentCommand(this.domain, JSON.stringify({ execute: what }), 1).catch(() => undefined);
  }

  /** Sends it past a libvirtd that is away; resolves when the guest has read it. */
  async sendDirectly(what: GuestCommand): Promise<void> {
    const socket = connect(join(this.#libvirtd.folder, `lib/qemu/${agentChannel}.${this.name}.sock`));
    try {
      await once(socket, "connect");
      socket.write(`${JSON.stringify({ execute: what })}\n`);
      await this.printed(`told {"execute":"${what}"}`);
    } finally {
      // Wholly: QEMU does not read the end of half a connection while its guest stands still, and has room for one alone.
      socket.destroy();
    }
  }

  /** Has the real agent of a Linux guest run a shell command; resolves when it has started. */
  async run(script: string): Promise<void> {
    const command = { execute: "guest-exec", arguments: { path: "/bin/sh", arg: ["-c", script] } };
    await this.#connection.agentCommand(this.domain, JSON.stringify(command), 5);
  }

  /** Resolves when the guest's console shows the text so often. */
  async printed(text: string, times = 1): Promise<void> {
    const console = join(this.#libvirtd.folder, "log", `${this.name}.console`);
    await eventually(`${this.name} to print ${text}`, 60_000, async () => {
      const found = (await readFile(console, "utf8")).split(text).length - 1;
      return found >= times || undefined;
    });
  }

  async destroy(): Promise<void> {
    await this.#connection.destroyDomain(this.domain);
  }
}

/** What of a domain's XML identifies the guest. */
interface Program {
  readonly memoryMiB: number;
  readonly boot: string;
  /** QEMU's memory for translated code. */
  readonly cacheMiB: number;
}

function tiny(program: string, { agent = "answers", memoryMiB = 2 }: GuestOptions): Program {
  const words = { answers: "", hangs: "<cmdline>hang</cmdline>", deaf: "<cmdline>deaf</cmdline>", bare: "" }[agent];
  return { memoryMiB, boot: agent === "bare" ? "" : `<kernel>${program}</kernel>${words}`, cacheMiB: 1 };
}

async function linux({ words = "" }: GuestOptions): Promise<Program> {
  const { kernel, initrd } = await buildLinuxGuest();
  const boot = `<kernel>${kernel}</kernel><initrd>${initrd}</initrd><cmdline>console=ttyS0 quiet ${words}</cmdline>`;
  return { memoryMiB: 96, boot, cacheMiB: 16 };
}

/** A domain's XML as libvirt takes it, agent sockets where Nova puts them. */
function domainXml(name: string, { memoryMiB, boot, cacheMiB }: Program, options: GuestOptions): string {
  const { channels = [agentChannel], uuid, watchdog, devices = "" } = options;
  const { onCrash = "destroy", onReboot = "restart", onPoweroff = "destroy" } = options;
  const channel = (target: string): string => `<channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/${target}.${name}.sock'/>
      <target type='virtio' name='${target}'/>
    </channel>`;
  return `<domain type='qemu'>
  <name>${name}</name>
  ${uuid === undefined ? "" : `<uuid>${uuid}</uuid>`}
  <memory unit='MiB'>${memoryMiB}</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type>${boot}</os>
  <features><acpi/><tcg><tb-cache unit='MiB'>${cacheMiB}</tb-cache></tcg></features>
  <on_poweroff>${onPoweroff}</on_poweroff><on_reboot>${onReboot}</on_reboot><on_crash>${onCrash}</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <serial type='file'><source path='/var/log/libvirt/${name}.console'/></serial>
    ${channels.map(channel).join("\n    ")}
    ${watchdog === undefined ? "" : `<watchdog model='i6300esb' action='${watchdog}'/>`}
    ${devices}
    <panic model='isa'/>
    <memballoon model='none'/>
  </devices>
</domain>
`;
}

const flags = [
  ["-m32", "-Os", "-std=gnu11", "-ffreestanding", "-fno-pic", "-fno-pie", "-nostdlib", "-static"],
  ["-mgeneral-regs-only", "-mno-red-zone", "-fno-stack-protector", "-fno-asynchronous-unwind-tables"],
  // No page alignment: the multiboot header has to be in the first 8 KiB of the file.
  ["-Wl,-m,elf_i386", "-Wl,-n", "-Wl,--build-id=none", "-Wl,-Ttext=0x100000", "-Wl,--no-warn-rwx-segments"],
].flat();

let built: Promise<string> | undefined;

/** The guest's program, compiled once for each version of its source. @returns its path */
function buildGuest(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(source))
    .update(flags.join(" "))
    .digest("hex");
  const program = join(tmpdir(), `masakari-tiny-guest-${hash.slice(0, 16)}.elf`);
  try {
    await access(program);
    return program;
  } catch {
    const unfinished = `${program}.${process.pid}`;
    await compile("gcc", [...flags, "-o", unfinished, source]);
    // Another test process may do the same at the same time.
    await rename(unfinished, program);
    return program;
  }
}
