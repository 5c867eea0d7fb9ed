import { ResponseError } from "../http/errors.ts";
import { shorten } from "../http/shorten.ts";
import type { HttpResponse } from "../http/transport.ts";
import { type DocumentedVersion, majorVersion, parseVersionDocument } from "./version-document.ts";

/** Where the wanted version of the service's API is. URLs without a slash at the end. */
export interface Endpoint {
  /** Paths of requests are appended to it. */
  readonly url: string;
  /** What a GET with a token answers with the version document. */
  readonly versionUrl: string;
  /** What is only assumed about it, for messages. */
  readonly note?: string | undefined;
  /** False: what was found out may be wrong in a moment, so it is to be found out again. */
  readonly lasting: boolean;
}

export interface DiscoveryParts {
  /** For messages: `Masakari`. */
  readonly name: string;
  /** The wanted major version of its API. */
  readonly major: number;
  /** GET for a version document. @throws what the transport throws */
  get(url: string, withToken: boolean): Promise<HttpResponse>;
  /** Whether a response with status 200 is the version document of the wanted service. */
  isService(response: HttpResponse): boolean;
  readonly projectId: string | undefined;
}

/**
 * The endpoint for a URL of the catalog, as keystoneauth finds it (keystoneauth1/discover.py, EndpointData): a URL whose path
 * ends with the wanted version is used as it is, with or without a project behind it; for any other, its version document is read.
 * Requests never leave the origin and the path prefix that the catalog has, whatever the document's links are: an API
 * behind a proxy knows neither.
 * @throws ResponseError if the service has no such version, and what `get` throws
 */
export async function discoverEndpoint(catalogUrl: string, parts: DiscoveryParts): Promise<Endpoint> {
  const { root, version, project } = split(catalogUrl, parts);
  const { major } = parts;
  if (version !== undefined && majorVersion(version) === major) {
    const versionUrl = `${root}/${version}`;
    if (version === `v${major}`) return endpointAt(versionUrl, project);
    // Another spelling is used as it is by keystoneauth, and unknown to masakari-api.
    const found = await firstThatResponds([versionUrl, `${root}/v${major}`], parts);
    return endpointAt(found, project);
  }
  return await fromDocument(root, project, parts);
}

async function fromDocument(root: string, project: string, parts: DiscoveryParts): Promise<Endpoint> {
  let response = await parts.get(root, false);
  if (response.status === 401) response = await parts.get(root, true);
  const { status } = response;
  const document = status === 200 || status === 300 ? parseVersionDocument(response.body) : undefined;
  if (document === undefined) {
    // Many deployments let only the API's own paths through. Whether it was the right guess the responses will show.
    const note = `${shorten(root, 200)} names no version, and returned ${status} without a version document: /v${parts.major} is assumed`;
    return { ...endpointAt(`${root}/v${parts.major}`, project), note, lasting: status < 500 && status !== 429 };
  }
  const found = document.versions.find(({ id }) => majorVersion(id) === parts.major);
  if (found === undefined) {
    const ids = document.versions.map(({ id }) => id).slice(0, 20);
    throw new ResponseError(
      `the service at ${shorten(root, 200)} has no version ${parts.major} of its API (it has: ${ids.join(", ")}): is that ${parts.name}'s endpoint?`,
    );
  }
  const candidates = candidatesFor(root, found, parts.major);
  if (document.single) candidates.push(root);
  return endpointAt(await firstThatResponds(candidates, parts), project);
}

/**
 * Where the documented version may be, the most likely first: with the catalog's own prefix; where the link's path leads to,
 * as keystoneauth takes it. @returns URLs of the catalog's origin
 */
function candidatesFor(root: string, version: DocumentedVersion, major: number): string[] {
  const { origin } = new URL(root);
  const link = version.self === undefined ? null : URL.parse(version.self, `${root}/`);
  const linked = link === null ? undefined : `${origin}${withoutSlashes(link.pathname)}`;
  const last = linked?.split("/").at(-1) ?? "";
  const prefixed = `${root}/${majorVersion(last) === major ? last : `v${major}`}`;
  if (linked === undefined) return [prefixed];
  return linked.startsWith(`${root}/`) ? [linked] : [prefixed, linked];
}

/** The first that is the service's, by its version document; if none is, the first. No request is sent where there is only one. */
async function firstThatResponds(candidates: readonly string[], parts: DiscoveryParts): Promise<string> {
  const unique = [...new Set(candidates)];
  const [first = "", ...others] = unique;
  if (others.length === 0) return first;
  for (const url of unique) {
    const response = await parts.get(url, true);
    if (response.status === 200 && parts.isService(response)) return url;
  }
  return first;
}

function endpointAt(versionUrl: string, project: string): Endpoint {
  return { url: `${versionUrl}${project}`, versionUrl, lasting: true };
}

/** Takes version and project from the path's end. `project` begins with a slash, or is empty. */
function split(catalogUrl: string, { projectId, name }: Pick<DiscoveryParts, "projectId" | "name">) {
  const url = URL.parse(catalogUrl);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ResponseError(
      `the endpoint of ${name} in Keystone's catalog is not an http:// or https:// URL: ${shorten(catalogUrl, 200)}`,
    );
  }
  const segments = withoutSlashes(url.pathname).split("/");
  const last = segments.at(-1) ?? "";
  const before = segments.at(-2) ?? "";
  const hasProject = last !== "" && (last === projectId || (/^v/.test(before) && majorVersion(before) !== undefined));
  const project = hasProject ? `/${segments.pop()}` : "";
  const version = majorVersion(segments.at(-1) ?? "") === undefined ? undefined : segments.pop();
  return { root: `${url.origin}${segments.join("/")}`, version, project };
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}
