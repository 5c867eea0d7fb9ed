import type { Json } from "../formats/python-json.ts";
import type { Action } from "./call.ts";
import { ApiFault } from "./fault.ts";
import { maxVersion, minVersion } from "./microversion.ts";
import type { Resource } from "./resource.ts";

const id = "v1.0";
const status = "CURRENT";
const updated = "2016-07-01T11:33:21Z";
const mediaTypes = [{ base: "application/json", type: "application/vnd.openstack.masakari+json;version=1" }];
const version = { id, status, version: maxVersion, min_version: minVersion, updated };

/** `GET /`: all versions. `host` is the request's Host header. */
export function versionList(host: string): Json {
  return { versions: [{ ...version, links: [self(host, "")] }] };
}

/** Any path outside `/v1`: where it might have meant to go. */
export function versionChoices(host: string, path: string): Json {
  const rest = path.replace(/^\/+|\/+$/g, "");
  return { choices: [{ id, status, links: [self(host, rest)], "media-types": mediaTypes }] };
}

/** `GET /v1` and `GET /v1/versions/v1.0`. */
export const showVersion: Action = {
  status: 200,
  handle: ({ host, params }) => {
    if ((params.id ?? id) !== id) throw new ApiFault(404, "The resource could not be found.");
    const describedBy = { rel: "describedby", type: "text/html", href: "https://docs.openstack.org/" };
    return { version: { ...version, links: [self(host, ""), describedBy], "media-types": mediaTypes } };
  },
};

export const versionsResource: Resource = { path: "versions", memberAction: false, actions: { show: showVersion } };

function self(host: string, rest: string): Json {
  return { rel: "self", href: `http://${host}/v1/${rest}` };
}
