import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { ConnectError } from "../errors.ts";
import type { Transport } from "../uri.ts";
import { type Stream, waitForOpen } from "./stream.ts";

type UnixTransport = Extract<Transport, { kind: "unix" }>;

/** What a path to a unix socket may have (sun_path, with its closing NUL). */
const LONGEST_PATH = 107;

export async function openUnix(
  transport: UnixTransport,
  driver: string,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<Stream> {
  const candidates = socketPaths(transport, driver, readOnly);
  const path = candidates.find((candidate) => existsSync(candidate)) ?? candidates.at(-1) ?? "";
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new ConnectError(`the socket's path is longer than the ${LONGEST_PATH} bytes that a system takes: ${path}`);
  }
  let socket: Socket | undefined;
  try {
    socket = connect({ path });
    await waitForOpen(socket, "connect", signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ConnectError(explain(error as NodeJS.ErrnoException, path, candidates), { cause: error });
  }
  return { socket, peer: `libvirt at ${path}`, secure: true };
}

/** Those that may be there, best first: the driver's own daemon before libvirtd or virtproxyd, as libvirt's client. */
export function socketPaths(transport: UnixTransport, driver: string, readOnly: boolean): readonly string[] {
  const { socket, mode, session } = transport;
  if (socket !== undefined) return [socket];
  // A session's daemon has one socket for both.
  const ending = readOnly && !session ? "sock-ro" : "sock";
  const folder = session ? sessionFolder() : "/run/libvirt";
  const direct = join(folder, `virt${driver}d-${ending}`);
  const legacy = join(folder, `libvirt-${ending}`);
  if (mode === "direct") return [direct];
  return mode === "legacy" ? [legacy] : [direct, legacy];
}

function sessionFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime ? join(runtime, "libvirt") : join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "libvirt");
}

function explain(error: NodeJS.ErrnoException, path: string, candidates: readonly string[]): string {
  switch (error.code) {
    case "ENOENT":
      return `there is no libvirt socket ${candidates.join(" nor ")}: is libvirtd (or virtqemud) running on this host?`;
    case "ECONNREFUSED":
      return `connection refused at ${path}: libvirtd (or virtqemud) is not running; start it, e.g. systemctl start libvirtd`;
    case "EACCES":
    case "EPERM":
      return `not permitted to open ${path}: add the user ${userName()} to the group libvirt (usermod -aG libvirt …) and start again`;
    case "EAGAIN":
      return `${path} has no room for one more connection: libvirtd (or virtqemud) hangs, or has as many clients as its max_clients and max_queued_clients allow (libvirtd.conf)`;
    case "ENOTSOCK":
      return `${path} is not a socket: name libvirt's with socket= in the URI`;
    default:
      return `cannot connect to libvirt at ${path}: ${error.message}`;
  }
}

/** A container's user need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}
