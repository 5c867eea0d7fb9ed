import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { access, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** What QEMU boots. */
export interface LinuxGuest {
  readonly kernel: string;
  readonly initrd: string;
}

/** Debian's cloud kernel, QEMU guest agent and busybox, unpacked there by `install-packages.sh`. */
export const linuxGuestFolder = "/var/cache/masakari-monitors-tests/linux-guest";
const root = join(linuxGuestFolder, "root");
const init = fileURLToPath(new URL("guest/init.sh", import.meta.url));
/** The agent's port and a disk; the power button and who reads it; the device that a panic is reported to. */
const modules = [
  ...["virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_legacy_dev", "virtio/virtio_pci_modern_dev"],
  ...["virtio/virtio_pci", "char/virtio_console", "block/virtio_blk"],
  ...["input/evdev", "acpi/button", "misc/pvpanic/pvpanic", "misc/pvpanic/pvpanic-mmio"],
];
const run = promisify(execFile);

/** Whether the packages that a Linux guest is made of are there. */
export async function linuxGuestAvailable(): Promise<boolean> {
  return await access(join(linuxGuestFolder, "complete")).then(
    () => true,
    () => false,
  );
}

let built: Promise<LinuxGuest> | undefined;

/** A Linux that runs the real guest agent and acpid and nothing else, from memory. Made once for each kernel and `init.sh`. */
export function buildLinuxGuest(): Promise<LinuxGuest> {
  built ??= build();
  return built;
}

async function build(): Promise<LinuxGuest> {
  const kernel = theOnly(join(root, "boot/vmlinuz-*"));
  const hash = createHash("sha256")
    .update(kernel)
    .update(await readFile(init))
    .update(modules.join(" "))
    .digest("hex");
  const initrd = join(tmpdir(), `masakari-linux-guest-${hash.slice(0, 16)}.img`);
  try {
    await access(initrd);
  } catch {
    const unfinished = `${initrd}.${process.pid}`;
    await writeFile(unfinished, await archive());
    // Another test process may do the same at the same time.
    await rename(unfinished, initrd);
  }
  return { kernel, initrd };
}

/** The guest's files as a compressed cpio archive, as the kernel unpacks it. */
async function archive(): Promise<Buffer> {
  const files = await mkdtemp(join(tmpdir(), "masakari-linux-guest-"));
  try {
    const libraries = join(files, "lib/x86_64-linux-gnu");
    for (const folder of ["bin", "dev", "proc", "sys", "tmp", "var/run", "etc", "modules", "lib64", libraries]) {
      await mkdir(folder.startsWith("/") ? folder : join(files, folder), { recursive: true });
    }
    await symlink("bin", join(files, "sbin"));
    await symlink("busybox", join(files, "bin/sh"));
    await cp(init, join(files, "init"));
    await run("chmod", ["755", join(files, "init")]);
    await cp(join(root, "bin/busybox"), join(files, "bin/busybox"));
    const agent = join(root, "usr/sbin/qemu-ga");
    await cp(agent, join(files, "bin/qemu-ga"));
    for (const library of await librariesOf(agent)) {
      await cp(library, join(libraries, basename(library)), { dereference: true });
    }
    await cp("/lib64/ld-linux-x86-64.so.2", join(files, "lib64/ld-linux-x86-64.so.2"), { dereference: true });
    const drivers = theOnly(join(root, "lib/modules/*/kernel/drivers"));
    for (const name of modules) await cp(join(drivers, `${name}.ko`), join(files, "modules", `${basename(name)}.ko`));
    const { stdout } = await run("sh", ["-c", `find . | ${join(root, "bin/busybox")} cpio -o -H newc`], {
      cwd: files,
      encoding: "buffer",
      maxBuffer: 256 * 2 ** 20,
    });
    return await promisify(gzip)(stdout);
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}

/** The machine's own libraries, which are of the same Debian as the agent. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run("ldd", [program]);
  if (stdout.includes("not found")) throw new Error(`the guest agent's libraries are not installed:\n${stdout}`);
  return [...stdout.matchAll(/=> (\S+)/g)].map(([, path]) => path ?? "");
}

function theOnly(pattern: string): string {
  const [found, ...more] = globSync(pattern);
  if (found === undefined || more.length > 0)
    throw new Error(`${pattern} is there ${more.length + 1} times or not at all`);
  return found;
}
