import { FailedLogins } from "../system/failed-logins.ts";
import type { Logger } from "../system/log.ts";
import { nodeCrypto } from "../system/node-crypto.ts";
import { networkOf } from "../system/peer-network.ts";

/** What a request on the TCP port has to give. */
export interface TcpLogin {
  readonly username: string;
  readonly password: string;
}

/** Whoever has many networks must not fill the log: one line for all of them in this time, ms. */
const LOG_EVERY_MS = 60_000;

/** What becomes of a request: `wait`, in how many seconds it may be tried again. */
export type Admission = "admitted" | "refused" | { readonly wait: number };

/** Who may see what a TCP port serves. Of too many wrong logins from one network all are refused for a while, right ones too. */
export class TcpEntrance {
  readonly #now: () => number;
  readonly #log: Pick<Logger, "warning">;
  #logAgainAt = Number.NEGATIVE_INFINITY;
  #wanted: Buffer;
  #failures: FailedLogins;

  /** @param now ms */
  constructor(login: TcpLogin, now: () => number, log: Pick<Logger, "warning">) {
    this.#now = now;
    this.#log = log;
    this.#wanted = digestOf(login);
    this.#failures = new FailedLogins(now);
  }

  /** Another login counts from now on; whoever has it already, and so failed until now, need not wait. */
  renew(login: TcpLogin): void {
    const wanted = digestOf(login);
    if (wanted.equals(this.#wanted)) return;
    this.#wanted = wanted;
    this.#failures = new FailedLogins(this.#now);
  }

  /**
   * Takes the same time whatever the header is.
   * @param authorization the header of the request @param address of the client
   */
  admit(authorization: string | undefined, address: string): Admission {
    // A browser asks without a login first: nothing was guessed.
    if (authorization === undefined) return "refused";
    const network = networkOf(address);
    const wait = this.#failures.secondsToWait(network);
    if (wait > 0) return { wait };
    const [, encoded = ""] = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization) ?? [];
    const given = digest(Buffer.from(encoded, "base64").toString("utf8"));
    // A success forgets nothing: beside Prometheus, which succeeds all the time, somebody could go on guessing.
    if (nodeCrypto().timingSafeEqual(given, this.#wanted)) return "admitted";
    this.#failures.failed(network, given.toString("base64"));
    this.#logTooMany(network);
    return "refused";
  }

  #logTooMany(network: string): void {
    const seconds = this.#failures.secondsToWait(network);
    if (seconds === 0 || this.#now() < this.#logAgainAt) return;
    this.#logAgainAt = this.#now() + LOG_EVERY_MS;
    this.#log.warning(
      `Too many different wrong logins for the metrics or the page from ${network}: it is refused for ${seconds} s, with the right one too`,
    );
  }
}

const digestOf = ({ username, password }: TcpLogin): Buffer => digest(`${username}:${password}`);

/** Equal in length for every text, so that the comparison shows nothing of the password's. */
const digest = (text: string): Buffer => nodeCrypto().createHash("sha256").update(text).digest();
