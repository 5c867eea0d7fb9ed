import { array, nullish, object, picklist, string } from "valibot";
import { shorten } from "../../http/shorten.ts";
import type { ApiOptions, SessionContext } from "../../openstack/create-session.ts";
import { createSession } from "../../openstack/create-session.ts";
import { parseVersionDocument } from "../../openstack/version-document.ts";
import { checkJson } from "../../system/parse-json.ts";
import { printable } from "../../system/printable.ts";
import type { AskNova, ComputeService } from "../host-api.ts";

const REQUEST_MS = 10_000;

const serviceList = object({
  services: array(
    object({ binary: string(), host: string(), state: picklist(["up", "down"]), updated_at: nullish(string()) }),
  ),
});

/** Nova's response cannot be used; the message gives the reason. */
export class NovaError extends Error {
  readonly code = "NOVA";
}

/**
 * Asks Nova's `GET /os-services?host=…&binary=nova-compute` with the login of `[api]`, which needs the right to list compute
 * services. Logs in at the first question.
 */
export function novaWitness(api: ApiOptions, context: Omit<SessionContext, "service">): AskNova {
  const service = {
    name: "Nova",
    serviceType: "compute",
    major: 2,
    isService: ({ body }: { readonly body: Buffer }) => parseVersionDocument(body) !== undefined,
  };
  const opening = createSession(api, { ...context, service });
  return async (hostname, signal) => {
    const session = await opening;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
    const query = new URLSearchParams({ host: hostname, binary: "nova-compute" });
    const response = await session.request(
      { method: "GET", path: `/os-services?${query}`, headers: { Accept: "application/json" } },
      bounded,
    );
    if (response.status !== 200) throw new NovaError(`HTTP ${response.status}${hintFor(response.status)}`);
    return serviceIn(response.body, hostname);
  };
}

function hintFor(status: number): string {
  return status === 403 ? ": the user of [api] may not list compute services" : "";
}

function serviceIn(body: Buffer, hostname: string): ComputeService {
  const checked = checkJson(serviceList, body.toString("utf8"));
  if ("problem" in checked) throw new NovaError(`its response is not understood (${checked.problem})`);
  const { services } = checked.value;
  const found = services.find(({ binary, host }) => binary === "nova-compute" && host === hostname);
  if (found === undefined) throw new NovaError(`it knows no nova-compute on ${hostname}`);
  const { state, updated_at } = found;
  // Nova's times are UTC without a zone; a service that has never reported has none.
  const updatedAt = typeof updated_at === "string" ? Date.parse(`${updated_at.replace(/Z$/, "")}Z`) : 0;
  if (Number.isNaN(updatedAt)) {
    throw new NovaError(
      `its response is not understood (updated_at is no time: ${printable(shorten(updated_at ?? "", 64))})`,
    );
  }
  return { state, updatedAt };
}
