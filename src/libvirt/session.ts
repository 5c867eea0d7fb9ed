import { authenticate } from "./auth/authenticate.ts";
import type { CallOptions } from "./calls.ts";
import { procedures } from "./protocol/procedures.ts";
import type { Rpc } from "./rpc.ts";
import type { Stream } from "./transport/stream.ts";
import type { Target } from "./uri.ts";

/** VIR_DRV_FEATURE_PROGRAM_KEEPALIVE: asking for it also switches the server's own pings on. */
const FEATURE_KEEPALIVE = 10;
/** VIR_CONNECT_RO. */
const READ_ONLY = 1;

/**
 * What precedes the work on a connection, in libvirt's order: authentication, keepalive, opening the driver.
 * @throws AuthError, ServerError, ProtocolError, ConnectionLostError or the signal's reason
 */
export async function setUpSession(
  rpc: Rpc,
  stream: Stream,
  target: Target,
  readOnly: boolean,
  options: CallOptions,
): Promise<void> {
  await authenticate(rpc, stream, target, options);
  const feature = { feature: FEATURE_KEEPALIVE };
  const { supported } = await rpc.call(procedures.connectSupportsFeature, feature, options);
  if (supported !== 0) rpc.startKeepalive();
  await rpc.call(procedures.connectOpen, { uri: target.serverUri, flags: readOnly ? READ_ONLY : 0 }, options);
}
