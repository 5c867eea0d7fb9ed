import { ResponseError } from "../../http/errors.ts";
import { HttpStatusError } from "../../openstack/errors.ts";
import type { CallOptions, MasakariClient } from "../../openstack/masakari.ts";
import { CommandError } from "./command-context.ts";

/** The highest microversion whose objects this command knows. */
const HIGHEST = "1.3";

/**
 * The microversion to send: the one that was asked for, else the highest that both the API and this command have.
 * @returns undefined, which means 1.0, for an API whose version document cannot be had
 * @throws CommandError if the wanted one is none
 */
export async function negotiated(
  client: MasakariClient,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (wanted !== undefined) {
    if (!/^(?:1(?:\.\d{1,3})?|latest)$/.test(wanted)) {
      throw new CommandError(
        `${wanted} is no version of Masakari's API: give 1.0 to ${HIGHEST} with --os-ha-api-version`,
      );
    }
    return wanted === "1" ? "1.0" : wanted;
  }
  try {
    const { version } = await client.version({ signal });
    const minor = Number(/^1\.(\d{1,3})$/.exec(version ?? "")?.[1] ?? Number.NaN);
    if (Number.isNaN(minor)) return undefined;
    return minor < minorOf(HIGHEST) ? `1.${minor}` : HIGHEST;
  } catch (error) {
    if (error instanceof HttpStatusError || error instanceof ResponseError) return undefined;
    throw error;
  }
}

/** Whether objects of a call are those of this microversion, e.g. `1.2`. */
export function hasMicroversion({ microversion }: CallOptions, needed: string): boolean {
  return microversion === "latest" || minorOf(microversion ?? "1.0") >= minorOf(needed);
}

const minorOf = (version: string): number => Number(version.split(".")[1]);
