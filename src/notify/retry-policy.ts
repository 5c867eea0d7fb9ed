/** How often undelivered notifications are tried, all times in ms. */
export interface RetryPolicy {
  /** So many repeats at `retryIntervalMs` before the delay grows: upstream's `api_retry_max`. */
  readonly retryMax: number;
  /** Upstream's `api_retry_interval`. */
  readonly retryIntervalMs: number;
  /** `[notifications] retry_backoff_max` */
  readonly backoffMaxMs: number;
}

/** What the exponential back-off starts from where `api_retry_interval` is shorter, and a retry's least delay. */
const LEAST_BACKOFF_MS = 1000;

/**
 * The wait after so many failed attempts in a row: `retryMax` times the plain interval, then doubling up to the cap,
 * each shortened by up to half at random, so that a fleet of hosts does not call in step.
 * @param failures ≥ 1
 * @param random in [0, 1)
 */
export function retryDelay(policy: RetryPolicy, failures: number, random: number): number {
  if (failures <= policy.retryMax) return policy.retryIntervalMs;
  const base = Math.max(policy.retryIntervalMs, LEAST_BACKOFF_MS);
  const grown = base * 2 ** Math.min(failures - policy.retryMax, 30);
  return Math.min(grown, Math.max(policy.backoffMaxMs, base)) * (1 - random / 2);
}

/**
 * The time in which one more attempt is earned during an outage: `burst` attempts per retry interval while upstream would
 * still have tried, `burst` per longest back-off later. Whatever is pending, the API is not called more often than that.
 */
export function outageRefillMs(policy: RetryPolicy, outageMs: number, burst: number): number {
  const interval = Math.max(policy.retryIntervalMs, LEAST_BACKOFF_MS);
  const long = Math.max(policy.backoffMaxMs, interval);
  return (outageMs <= policy.retryMax * interval ? interval : long) / burst;
}
