import { ResponseError } from "../errors.ts";
import type { Transport } from "../http.ts";
import { isRecord } from "../json.ts";

/**
 * Asks Keystone once which versions it has: `GET {auth_url}`, which answers 200 for one version and 300 for the root.
 * An answer that is no version document falls back to the URL's own path, as in keystoneauth.
 * @returns the v3 URL without a slash at the end
 */
export async function discoverIdentity(transport: Transport, authUrl: string, signal: AbortSignal): Promise<string> {
  const response = await transport.send(
    { method: "GET", url: authUrl, peer: "Keystone", headers: { Accept: "application/json" } },
    signal,
  );
  if (response.status !== 200 && response.status !== 300) return identityUrlFromPath(authUrl);
  const versions = versionsIn(response.body);
  if (versions.length === 0) return identityUrlFromPath(authUrl);
  const v3 = versions.find((version) => /^v3(\.|$)/.test(String(version.id)));
  if (v3 === undefined) {
    const ids = versions.map((version) => String(version.id).slice(0, 20)).join(", ");
    throw new ResponseError(`Keystone has no version 3 of its API (it has: ${ids}); older ones are not supported`);
  }
  return usable(selfLink(v3), authUrl) ?? identityUrlFromPath(authUrl);
}

/** `auth_url` as it is if it names version 3, else with `/v3`. */
export function identityUrlFromPath(authUrl: string): string {
  return /\/v3$/.test(authUrl) ? authUrl : `${authUrl.replace(/\/v2\.0$/, "")}/v3`;
}

function versionsIn(body: Buffer): Record<string, unknown>[] {
  let document: unknown;
  try {
    document = JSON.parse(body.toString("utf8"));
  } catch {
    return [];
  }
  if (!isRecord(document)) return [];
  if (isRecord(document.version)) return [document.version];
  const versions = isRecord(document.versions) ? document.versions.values : document.versions;
  return Array.isArray(versions) ? versions.filter(isRecord) : [];
}

function selfLink(version: Record<string, unknown>): string | undefined {
  const links = Array.isArray(version.links) ? version.links.filter(isRecord) : [];
  const self = links.find((link) => link.rel === "self")?.href;
  return typeof self === "string" ? self : undefined;
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
