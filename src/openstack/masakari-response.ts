import { number, object, record, string } from "valibot";
import type { HttpResponse } from "../http/transport.ts";
import { parseJson } from "../system/parse-json.ts";
import { majorVersion, parseVersionDocument } from "./version-document.ts";

/** An error that masakari-api itself made (nova's format): `{"badRequest": {"code": 400, "message": "…"}}`. */
export interface Fault {
  readonly message: string;
  /**
   * The header of the response names this service. Always so for errors of the API itself; a proxy may have taken
   * the header out.
   */
  readonly signed: boolean;
}

/** A fault's body is a few hundred bytes; it may quote a value that it refuses. */
const longestFault = 65_536;
const fault = record(string(), object({ code: number(), message: string() }));

/** The fault in a response; undefined if something other than masakari-api made it (a proxy, a WAF, Keystone's middleware). */
export function faultOf(response: HttpResponse): Fault | undefined {
  const service = namedService(response);
  if (service === "another" || response.body.length > longestFault) return undefined;
  const body = parseJson(fault, response.body.toString("utf8"));
  const [only, second] = Object.values(body ?? {});
  if (only === undefined || second !== undefined || only.code !== response.status) return undefined;
  return { message: only.message, signed: service === "masakari" };
}

/** Whether a 200 is the version document of Masakari's API 1. One that does not name its service counts as Masakari's. */
export function isMasakariVersion(response: HttpResponse): boolean {
  if (namedService(response) === "another") return false;
  const document = parseVersionDocument(response.body);
  const version = document?.single === true ? document.versions[0] : undefined;
  if (version === undefined || majorVersion(version.id) !== 1) return false;
  const { mediaTypes } = version;
  return mediaTypes.length === 0 || JSON.stringify(mediaTypes.slice(0, 20)).includes("masakari");
}

/** Whom `OpenStack-API-Version` names. masakari-api writes `masakari 1.0` on success, before 22.0.0, and `instance-ha 1.0` on errors. */
function namedService({ headers }: HttpResponse): "masakari" | "another" | undefined {
  const header = headers["openstack-api-version"];
  if (typeof header !== "string" || header.trim() === "") return undefined;
  return /\b(masakari|instance-ha)\b/i.test(header) ? "masakari" : "another";
}
