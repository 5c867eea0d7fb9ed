import { shorten } from "../http/shorten.ts";
import { isRecord } from "./json.ts";

/** One version of an API, as a version document describes it. */
export interface DocumentedVersion {
  /** `v1.0`, at most 20 characters. */
  readonly id: string;
  /** The `self` link, as it stands: it often names a host or a path that only the API itself knows. */
  readonly self: string | undefined;
  readonly entry: Readonly<Record<string, unknown>>;
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

/**
 * A service's version document (keystoneauth1/discover.py): `{"versions": [...]}`, Keystone's `{"versions": {"values":
 * [...]}}` or `{"version": {...}}`. @returns undefined if it is none
 */
export function parseVersionDocument(body: Buffer): VersionDocument | undefined {
  if (body.length > longestDocument) return undefined;
  let document: unknown;
  try {
    document = JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
  if (!isRecord(document)) return undefined;
  const single = isRecord(document.version);
  const listed = isRecord(document.versions) ? document.versions.values : document.versions;
  const entries: unknown[] = single ? [document.version] : Array.isArray(listed) ? listed : [];
  const versions = entries.slice(0, mostVersions).filter(isRecord).map(readVersion);
  return versions.length === 0 ? undefined : { versions, single };
}

function readVersion(entry: Record<string, unknown>): DocumentedVersion {
  const links = Array.isArray(entry.links) ? entry.links.slice(0, mostVersions).filter(isRecord) : [];
  const self = links.find(({ rel }) => rel === "self")?.href;
  return {
    id: typeof entry.id === "string" ? shorten(entry.id, longestId) : "",
    self: typeof self === "string" && self.length <= longestLink ? self : undefined,
    entry,
  };
}

/** The major number of `v1.0`, `1` or `v1`; undefined for anything else. */
export function majorVersion(text: string): number | undefined {
  const found = /^v{0,5}(\d{1,9})(?:\.\d{1,9}){0,3}$/.exec(text);
  return found === null ? undefined : Number(found[1]);
}
