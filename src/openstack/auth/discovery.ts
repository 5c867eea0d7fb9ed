import { ResponseError } from "../../http/errors.ts";
import type { Transport } from "../../http/transport.ts";
import { majorVersion, parseVersionDocument } from "../version-document.ts";

/**
 * Asks Keystone once which versions it has: `GET {auth_url}`, which answers 200 for one version and 300 for the root.
 * A response that is no version document falls back to the URL's own path, as in keystoneauth.
 * @returns the v3 URL without a slash at the end
 */
export async function discoverIdentity(transport: Transport, authUrl: string, signal: AbortSignal): Promise<string> {
  const response = await transport.send(
    { method: "GET", url: authUrl, peer: "Keystone", headers: { Accept: "application/json" } },
    signal,
  );
  if (response.status !== 200 && response.status !== 300) return identityUrlFromPath(authUrl);
  const versions = parseVersionDocument(response.body)?.versions;
  if (versions === undefined) return identityUrlFromPath(authUrl);
  const v3 = versions.find(({ id }) => majorVersion(id) === 3);
  if (v3 === undefined) {
    const ids = versions.map(({ id }) => id).join(", ");
    throw new ResponseError(`Keystone has no version 3 of its API (it has: ${ids}); older ones are not supported`);
  }
  return usable(v3.self, authUrl) ?? identityUrlFromPath(authUrl);
}

/** `auth_url` as it is if it names version 3, else with `/v3`. */
export function identityUrlFromPath(authUrl: string): string {
  return /\/v3$/.test(authUrl) ? authUrl : `${authUrl.replace(/\/v2\.0$/, "")}/v3`;
}

/**
 * A Keystone behind a TLS proxy often names itself `http://` or by an inner address in its links; the password goes
 * only to the origin that the operator configured.
 */
function usable(link: string | undefined, authUrl: string): string | undefined {
  const url = link === undefined ? null : URL.parse(link, `${authUrl}/`);
  if (url === null || url.origin !== URL.parse(authUrl)?.origin) return undefined;
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
