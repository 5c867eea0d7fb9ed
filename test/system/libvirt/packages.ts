import { notInstalled } from "../installed.ts";
import { linuxGuestAvailable } from "./linux-guest.ts";

/** What a private libvirtd with guests needs of Debian 12; `install-packages.sh` installs the same. */
const packages = [
  "libvirt-daemon",
  "libvirt-daemon-system",
  "libvirt-daemon-driver-qemu",
  "libvirt-clients",
  "qemu-system-x86",
  "qemu-utils",
  "sasl2-bin",
  "libsasl2-modules",
  "gcc",
  "libc6-dev",
];

/**
 * Why the tests with a real libvirtd cannot run here, or false if they can. With CI=true a skip is a failure.
 * @param needs.linuxGuest also ask for what Linux guests are made of
 */
export async function missingForLibvirt(needs: { readonly linuxGuest?: boolean } = {}): Promise<string | false> {
  const absent = await notInstalled(packages);
  if (needs.linuxGuest && !(await linuxGuestAvailable())) absent.push("a kernel and a guest agent for Linux guests");
  let reason: string | undefined;
  if (absent.length > 0) {
    reason = `not installed: ${absent.join(", ")} (sudo test/system/install-packages.sh, Debian 12)`;
  } else if (process.getuid?.() !== 0) {
    reason = "a libvirtd in mounts of its own can be started by root only: run as root";
  }
  if (reason === undefined) return false;
  if (process.env.CI === "true") throw new Error(`CI=true, and the system tests cannot run: ${reason}`);
  return reason;
}
