import type { Json } from "../formats/python-json.ts";
import type { Action } from "./call.ts";
import { ApiFault } from "./fault.ts";
import { minVersion } from "./microversion.ts";
import type { Release } from "./release.ts";
import type { Resource } from "./resource.ts";

const id = "v1.0";
const status = "CURRENT";
const updated = "2016-07-01T11:33:21Z";
const mediaTypes = [{ base: "application/json", type: "application/vnd.openstack.masakari+json;version=1" }];

function describe({ maxVersion }: Release) {
  return { id, status, version: maxVersion, min_version: minVersion, updated };
}

/** `GET /`: all versions. `base` is where the client reaches the API, without `/v1`. */
export function versionList(base: string, release: Release): Json {
  return { versions: [{ ...describe(release), links: [self(base, "")] }] };
}

/** Any path outside `/v1`: where it might have meant to go. */
export function versionChoices(base: string, path: string): Json {
  const rest = path.replace(/^\/+|\/+$/g, "");
  return { choices: [{ id, status, links: [self(base, rest)], "media-types": mediaTypes }] };
}

/** `GET /v1` and `GET /v1/versions/v1.0`. */
export function showVersion(release: Release): Action {
  return {
    status: 200,
    handle: ({ base, params }) => {
      if ((params.id ?? id) !== id) throw new ApiFault(404, "The resource could not be found.");
      const describedBy = { rel: "describedby", type: "text/html", href: "https://docs.openstack.org/" };
      return { version: { ...describe(release), links: [self(base, ""), describedBy], "media-types": mediaTypes } };
    },
  };
}

export function versionsResource(release: Release): Resource {
  return { path: "versions", memberAction: false, actions: { show: showVersion(release) } };
}

function self(base: string, rest: string): Json {
  return { rel: "self", href: `${base}/v1/${rest}` };
}

/** The path of a URL as webob's `Request.path` has it: decoded, and encoded again but for what RFC 3986 allows in a path (PATH_SAFE). */
export function pathOf(url: string): string {
  const [path = "/"] = url.split("?", 1);
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return decoded.replace(
    /[^\w.~/!$&'()*+,;=:@-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
