import { basicAuthorization } from "../../http/authorization.ts";
import { createTransport } from "../../http/transport.ts";
import type { Clock } from "../../system/clock.ts";
import { parseJson } from "../../system/parse-json.ts";
import { type HostOverview, hostSchema } from "./overview.ts";
import type { Peer } from "./peer-url.ts";

export interface PeerRequestParts {
  readonly clock: Clock;
  readonly userAgent: string;
  /** PEM file of the CAs that sign the peers' certificates. */
  readonly cafile: string | undefined;
  /** As it is now. */
  readonly login: () => { readonly username: string; readonly password: string } | undefined;
}

/** For one peer, ms. */
const TIMEOUT_MS = 2000;
/** 20 monitors with all their lists are half of it. */
const RESPONSE_BYTES = 1 << 20;

/** @returns what asks one peer for its own host; that throws why there is no overview */
export function peerRequests(parts: PeerRequestParts): (peer: Peer) => Promise<HostOverview> {
  const { clock, userAgent, cafile, login } = parts;
  const transport = createTransport({
    clock,
    userAgent,
    cafile,
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: RESPONSE_BYTES,
    optionNames: { cafile: "[page] peer_ca_file" },
  });
  return async ({ url }) => {
    const known = login();
    const headers = known === undefined ? {} : basicAuthorization(known.username, known.password).headers;
    const request = { method: "GET" as const, url, peer: "the peer", headers };
    const { status, body } = await transport.send(request, AbortSignal.timeout(2 * TIMEOUT_MS));
    if (status === 401) throw new Error("it refuses the user name and password of [metrics]");
    if (status === 429) throw new Error("it refuses all logins of this host for a minute: too many were wrong");
    if (status === 404) throw new Error("it does not serve the page: set [page] enabled there");
    if (status !== 200) throw new Error(`it responds with status ${status}`);
    const host = parseJson(hostSchema, body.toString());
    if (host === undefined) throw new Error("its response is not understood: it may be of another release");
    return host;
  };
}
