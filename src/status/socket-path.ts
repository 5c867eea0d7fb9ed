import { join } from "node:path";

/** `sun_path` of `struct sockaddr_un`, its closing NUL included (unix(7)). */
const SUN_PATH_BYTES = 108;
export const SOCKET_SUFFIX = ".sock";

/** Where the health socket of a monitor is: beside its database. @param statePath `[DEFAULT] state_path` */
export function healthSocket(statePath: string, program: string): string {
  return join(statePath, `${program}${SOCKET_SUFFIX}`);
}

/** Whether a socket can have this path at all. Node would cut a longer one short. */
export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) < SUN_PATH_BYTES;
}
