import { randomBytes } from "node:crypto";
import { raceAbort } from "../abort-race.ts";
import type { CallOptions } from "../calls.ts";
import { AuthError, oneLine, ServerError } from "../errors.ts";
import { procedures } from "../protocol/procedures.ts";
import type { Rpc } from "../rpc.ts";
import type { Target } from "../uri.ts";
import { readCredentials } from "./auth-file.ts";
import { digestMd5 } from "./digest-md5.ts";
import type { Mechanism } from "./mechanism.ts";
import { plain } from "./plain.ts";
import { scram } from "./scram.ts";

/** Best first. */
const mechanisms: Readonly<Record<string, Mechanism>> = {
  "SCRAM-SHA-256": scram("sha256"),
  "SCRAM-SHA-1": scram("sha1"),
  "DIGEST-MD5": digestMd5,
  PLAIN: plain,
};

/** No mechanism takes more rounds than this; a server that goes on asking is not followed. */
const MOST_STEPS = 5;
/** VIR_ERR_AUTH_FAILED. */
const AUTH_FAILED = 45;

/**
 * Logs in by SASL with the credentials of auth.conf, and wraps the connection if the stream is not private.
 * @throws AuthError with the mechanisms that there are, or where the credentials are from; never what they are
 */
export async function saslLogin(rpc: Rpc, secure: boolean, target: Target, options: CallOptions): Promise<void> {
  const [name, mechanism] = choose(await listMechanisms(rpc, secure, options), secure, target, rpc.peer);
  const { username, password, realm, file } = await raceAbort(
    readCredentials(target.hostname, target.authFile),
    options.signal,
  );
  const nonce = randomBytes(24).toString("base64");
  const exchange = mechanism.begin({
    username,
    password,
    realm,
    hostname: target.hostname,
    needsLayer: !secure,
    nonce,
  });
  try {
    let reply = await rpc.call(procedures.authSaslStart, { mechanism: name, data: exchange.initial }, options);
    for (let step = 0; ; step++) {
      const data = reply.data === undefined ? undefined : await exchange.respond(reply.data);
      if (reply.complete !== 0) break;
      if (step >= MOST_STEPS) throw new AuthError(`${name}: the server asks on after ${MOST_STEPS} steps`);
      reply = await rpc.call(procedures.authSaslStep, { data }, options);
    }
  } catch (error) {
    if (!(error instanceof ServerError) || error.number !== AUTH_FAILED) throw error;
    const whom = `${rpc.peer} refuses the login of ${username} (${name})`;
    throw new AuthError(`${whom}: check user and password in ${file}, and realm`, { cause: error });
  }
  if (!exchange.satisfied) {
    throw new AuthError(`${rpc.peer} did not prove that it knows the password (${name})`);
  }
  if (exchange.layer !== undefined) rpc.secure(exchange.layer);
}

/** The mechanisms that the server has. One that has none for this stream only reports a failure. */
async function listMechanisms(rpc: Rpc, secure: boolean, options: CallOptions): Promise<readonly string[]> {
  try {
    const { mechanisms: list } = await rpc.call(procedures.authSaslInit, undefined, options);
    return list.split(/[\s,]+/).filter((word) => word !== "");
  } catch (error) {
    if (!(error instanceof ServerError) || error.number !== AUTH_FAILED) throw error;
    const where = secure ? "" : " over plain TCP, where only DIGEST-MD5 and GSSAPI encrypt";
    throw new AuthError(
      `${rpc.peer} has no SASL mechanism to offer${where}: see mech_list in the server's /etc/sasl2/libvirt.conf, ` +
        "that the modules for it are installed there (e.g. libsasl2-modules), and libvirtd's log",
      { cause: error },
    );
  }
}

function choose(offered: readonly string[], secure: boolean, target: Target, peer: string): [string, Mechanism] {
  const wanted = target.auth.mechanism;
  const usable = Object.entries(mechanisms).filter(([, mechanism]) => secure || mechanism.offersLayer);
  const found = usable.find(([name]) => offered.includes(name) && (wanted === undefined || name === wanted));
  if (found !== undefined) return found;
  if (!secure && wanted !== undefined && mechanisms[wanted]?.offersLayer === false) {
    throw new AuthError(
      `auth=sasl.${wanted} cannot be used over plain TCP with ${peer}, since it does not encrypt what follows; use qemu+tls, or leave auth= out`,
    );
  }
  const there = oneLine(offered.join(", ")) || "none";
  const ours = usable.map(([name]) => name).join(", ");
  const where = secure ? "" : " over plain TCP, which demands encryption,";
  const asked = wanted === undefined ? "" : ` (auth=sasl.${wanted} asks for that one)`;
  throw new AuthError(
    `${peer} offers the SASL mechanisms ${there}; this client speaks${where} ${ours}${asked}. Add one to mech_list in the server's /etc/sasl2/libvirt.conf`,
  );
}
