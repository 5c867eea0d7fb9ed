import { loadLibc } from "../../src/system/libc.ts";
import { eventually } from "./eventually.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

/** A queue holds ten (net.unix.max_dgram_qlen), and whoever sends another one gets an error. ms */
const READ_EVERY_MS = 20;

/** A Unix datagram socket as syslogd, journald and systemd have one. Node has none. */
export class DatagramReceiver implements Disposable {
  readonly #socket: number;
  readonly #buffer = Buffer.alloc(4096);
  readonly #all: string[] = [];
  readonly #reading: NodeJS.Timeout;

  constructor(path: string) {
    const { func } = loadLibc();
    this.#socket = func("int socket(int, int, int)")(AF_UNIX, SOCK_DGRAM, 0);
    const family = new Uint8Array(new Uint16Array([AF_UNIX]).buffer);
    const address = Buffer.concat([family, Buffer.from(`${path}\0`)]);
    const bound: number = func("int bind(int, const uint8_t *, uint32_t)")(this.#socket, address, address.length);
    if (bound !== 0) throw new Error(`cannot bind ${path}`);
    this.#reading = setInterval(() => this.all, READ_EVERY_MS).unref();
  }

  /** Everything that has arrived so far. */
  get all(): readonly string[] {
    const recv = loadLibc().func("intptr_t recv(int, _Out_ uint8_t *, size_t, int)");
    for (;;) {
      const size = Number(recv(this.#socket, this.#buffer, this.#buffer.length, MSG_DONTWAIT));
      if (size < 0) return this.#all;
      this.#all.push(this.#buffer.toString("utf8", 0, size));
    }
  }

  /** The first that fits, at or after the one numbered `from`. */
  async first(fits: RegExp, withinMs: number, from = 0): Promise<string> {
    const look = () => this.all.slice(from).find((one) => fits.test(one));
    return await eventually(`a datagram ${fits}`, withinMs, look).catch((error: unknown) => {
      throw new Error(`no datagram ${fits} in:\n${this.all.slice(from).join("\n")}`, { cause: error });
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#reading);
    loadLibc().func("int close(int)")(this.#socket);
  }
}
