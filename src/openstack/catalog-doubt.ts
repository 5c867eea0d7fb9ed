/** No two logins that re-read the catalog come closer together. ms. */
const leastWait = 10_000;
/** A host that cannot deliver for hours costs Keystone one password check in this time. ms. */
const longestWait = 300_000;
/** Whatever is corrected in Keystone is noticed before the trouble has lasted this much longer. */
const share = 1 / 4;

/**
 * Whether the catalog of the held token should be read again: a login costs Keystone a password check, an outage of the API
 * alone cures itself, and only a new catalog has an endpoint that was created or moved. All times: monotonic ms.
 */
export class CatalogDoubt {
  #since: number | undefined;

  /** Something failed that another catalog could explain. */
  raise(now: number): void {
    this.#since ??= now;
  }

  /** The service responded: the catalog is right. */
  clear(): void {
    this.#since = undefined;
  }

  /** @param lastLogin when Keystone was last asked to log in */
  isDue(now: number, lastLogin: number): boolean {
    if (this.#since === undefined) return false;
    const wait = Math.min(Math.max((now - this.#since) * share, leastWait), longestWait);
    return now - lastLogin >= wait;
  }
}
