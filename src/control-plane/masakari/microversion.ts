import { ApiFault } from "./fault.ts";
import type { Release } from "./release.ts";

export const minVersion = "1.0";

/** What a request's `OpenStack-API-Version` header asks for. */
export interface Microversion {
  /** As the response's header repeats it. */
  readonly text: string;
  readonly minor: number;
  /** Outside what the release has: to be refused with 406. */
  readonly supported: boolean;
}

/**
 * Reads the header: several services may be in it, the last entry for `instance-ha` counts, others are ignored.
 * @throws ApiFault 400 if the version is not of the form X.Y
 */
export function readMicroversion(header: string | undefined, { maxVersion, maxMinor }: Release): Microversion {
  const text = lastEntry(header ?? "");
  if (text === undefined) return { text: minVersion, minor: 0, supported: true };
  if (text === "latest") return { text: maxVersion, minor: maxMinor, supported: true };
  const match = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(text);
  if (!match) {
    throw new ApiFault(400, `API Version String ${text} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  const minor = Number(match[2]);
  return { text, minor, supported: match[1] === "1" && minor <= maxMinor };
}

/** @throws ApiFault 406 */
export function requireSupported({ text, supported }: Microversion, { maxVersion }: Release): void {
  if (supported) return;
  throw new ApiFault(
    406,
    `Version ${text} is not supported by the API. Minimum is ${minVersion} and maximum is ${maxVersion}.`,
  );
}

function lastEntry(header: string): string | undefined {
  return header
    .split(",")
    .map((entry) => /^(\S+)\s+(.*)$/.exec(entry.trim()))
    .findLast((match) => match?.[1]?.toLowerCase() === "instance-ha")?.[2]
    ?.trim();
}
