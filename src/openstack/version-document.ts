import { array, fallback, type InferOutput, literal, object, optional, record, string, union, unknown } from "valibot";
import { shorten } from "../http/shorten.ts";
import { conformingItems, parseJson } from "../system/parse-json.ts";

/** One version of an API, as a version document describes it. */
export interface DocumentedVersion {
  /** `v1.0`, at most 20 characters. */
  readonly id: string;
  /** The `self` link, as it stands: it often names a host or a path that only the API itself knows. */
  readonly self: string | undefined;
  readonly mediaTypes: readonly unknown[];
}

export interface VersionDocument {
  readonly versions: readonly DocumentedVersion[];
  /** True: the document of one version (`"version"`), so what was asked for is that version's own URL. */
  readonly single: boolean;
}

/** Bytes. Keystone's own is under 1 KiB. */
const longestDocument = 262_144;
const longestId = 20;
const longestLink = 4096;
/** More than any API has. */
const mostVersions = 100;

const list = fallback(array(unknown()), []);
/** What is not as documented counts as missing: a strange version beside the wanted one is no reason to fail. */
const versionEntry = object({ id: fallback(string(), ""), links: list, "media-types": list });
const selfLink = object({ rel: literal("self"), href: string() });
const versionDocument = object({
  version: fallback(optional(record(string(), unknown())), undefined),
  versions: fallback(optional(union([array(unknown()), object({ values: array(unknown()) })])), undefined),
});

/**
 * A service's version document (keystoneauth1/discover.py): `{"versions": [...]}`, Keystone's `{"versions": {"values":
 * [...]}}` or `{"version": {...}}`. @returns undefined if it is none
 */
export function parseVersionDocument(body: Buffer): VersionDocument | undefined {
  if (body.length > longestDocument) return undefined;
  const document = parseJson(versionDocument, body.toString("utf8"));
  if (document === undefined) return undefined;
  const { version, versions: listed } = document;
  const entries = version === undefined ? (Array.isArray(listed) ? listed : (listed?.values ?? [])) : [version];
  const versions = conformingItems(versionEntry, entries.slice(0, mostVersions)).map(readVersion);
  return versions.length === 0 ? undefined : { versions, single: version !== undefined };
}

function readVersion({ id, links, "media-types": mediaTypes }: InferOutput<typeof versionEntry>): DocumentedVersion {
  const self = conformingItems(selfLink, links.slice(0, mostVersions))[0]?.href;
  return {
    id: shorten(id, longestId),
    self: self !== undefined && self.length <= longestLink ? self : undefined,
    mediaTypes,
  };
}

/** The major number of `v1.0`, `1` or `v1`; undefined for anything else. */
export function majorVersion(text: string): number | undefined {
  const found = /^v{0,5}(\d{1,9})(?:\.\d{1,9}){0,3}$/.exec(text);
  return found === null ? undefined : Number(found[1]);
}
