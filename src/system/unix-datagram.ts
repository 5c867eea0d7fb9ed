import { constants } from "node:os";
import { loadLibc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path` of `struct sockaddr_un` (unix(7)). */
const PATH_MAX_BYTES = 108;

/** A datagram could not be sent; `errno` is libc's. */
export class DatagramError extends Error {
  readonly code = "DATAGRAM_NOT_SENT";
  readonly errno: number;

  constructor(path: string, errno: number) {
    const name = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
    super(`nothing takes datagrams at ${path}: ${name}`);
    this.errno = errno;
  }
}

/** Sends to a Unix datagram socket, which Node itself cannot: syslog's, journald's and systemd's notify socket are such. */
export interface DatagramSender {
  /** Never waits: what the receiver has no room for fails. @throws DatagramError */
  send(message: string): void;
}

/** @param path the receiver's socket; a leading `@` means the abstract namespace, as in `$NOTIFY_SOCKET` */
export function openDatagramSender(path: string): DatagramSender {
  const name = Buffer.from(path);
  if (name.length >= PATH_MAX_BYTES) throw new DatagramError(path, constants.errno.ENAMETOOLONG);
  if (path.startsWith("@")) name[0] = 0;
  const address = Buffer.concat([new Uint8Array(new Uint16Array([AF_UNIX]).buffer), name]);
  const libc = loadLibc();
  const socket = libc.func("int socket(int domain, int type, int protocol)");
  const sendto = libc.func(
    "intptr_t sendto(int fd, const uint8_t *data, size_t size, int flags, const uint8_t *address, uint32_t addressSize)",
  );
  const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new DatagramError(path, libc.errno());
  return {
    send(message) {
      const data = Buffer.from(message);
      const sent: number = sendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length);
      if (Number(sent) < 0) throw new DatagramError(path, libc.errno());
    },
  };
}
