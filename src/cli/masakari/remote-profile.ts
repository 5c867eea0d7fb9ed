import { HttpError } from "../../http/errors.ts";
import { createTransport } from "../../http/transport.ts";
import { userAgent } from "../../http/user-agent.ts";
import { systemClock } from "../../system/system-clock.ts";
import { packageVersion } from "../version.ts";
import { isMapping, type Mapping, parseMapping } from "./cloud-files.ts";
import { type CommandContext, CommandError } from "./command-context.ts";

/** ms; openstacksdk's. */
const TIMEOUT = 10_000;
/** Bytes. Profiles are of some hundred. */
const LARGEST = 64 * 1024;

/**
 * The profile that a vendor publishes below its address, as openstacksdk fetches it (openstack/config/vendors): of the address only the
 * server counts. It names where the password is sent, so it is fetched by https alone, for which openstacksdk takes http too.
 * @param address a URL
 * @returns the vendor's name for itself, and the profile
 * @throws CommandError
 */
export async function fetchProfile(
  address: string,
  { env }: CommandContext,
): Promise<{ readonly name: string | undefined; readonly profile: Mapping }> {
  const server = URL.parse(address);
  if (server?.protocol !== "https:") {
    throw new CommandError(
      "a profile that is an address must begin with https://, because it names where the password is sent",
    );
  }
  const url = `https://${server.host}/.well-known/openstack/api`;
  const failed = (reason: string, cause?: unknown): CommandError =>
    new CommandError(
      `the profile of ${server.origin} cannot be had: ${reason}; write what it stands for into the cloud`,
      {
        cause,
      },
    );
  const transport = createTransport({
    userAgent: userAgent("masakari", packageVersion()),
    clock: systemClock,
    timeoutMs: TIMEOUT,
    maxResponseBytes: LARGEST,
    environment: env,
  });
  try {
    const request = { method: "GET", url, peer: "the vendor", headers: { Accept: "application/json" } } as const;
    const { status, body } = await transport.send(request, AbortSignal.timeout(2 * TIMEOUT));
    if (status !== 200) throw failed(`${url} responds with ${status}`);
    const { name, profile } = await parseMapping(url, body.toString("utf8"));
    if (!isMapping(profile)) throw failed(`${url} has no profile`);
    return { name: typeof name === "string" ? name : undefined, profile };
  } catch (error) {
    if (error instanceof HttpError) throw failed(error.message, error);
    throw error;
  } finally {
    transport.close();
  }
}
