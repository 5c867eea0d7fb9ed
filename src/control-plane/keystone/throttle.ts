import { FailedLogins } from "../../system/failed-logins.ts";
import { KeystoneFault } from "./fault.ts";

/** Slows down whoever guesses passwords; others, and the same user from elsewhere, go on. */
export class LoginThrottle extends FailedLogins {
  /** @throws KeystoneFault 429 while too many logins have failed */
  require(key: string): void {
    const seconds = this.secondsToWait(key);
    if (seconds > 0) throw new KeystoneFault(429, `Too many failed logins; try again in ${seconds} s.`, seconds);
  }
}
