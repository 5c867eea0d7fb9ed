import type { CallOptions } from "../calls.ts";
import { AuthError, ServerError } from "../errors.ts";
import { procedures } from "../protocol/procedures.ts";
import type { Rpc } from "../rpc.ts";
import type { Stream } from "../transport/stream.ts";
import type { Target } from "../uri.ts";

/** remote_auth_type (remote_protocol.x). */
const types = { none: 0, sasl: 1, polkit: 2 } as const;

/**
 * Does what the server's list asks for. The list is asked for always: a root client is exempt from polkit only by that
 * very call.
 */
export async function authenticate(rpc: Rpc, stream: Stream, target: Target, options: CallOptions): Promise<void> {
  const list = await rpc.call(procedures.authList, undefined, options);
  const wanted = target.auth.type;
  // A server that names nothing asks for nothing; that is not what a URI with auth=sasl means.
  const asked = list.types.length > 0 ? list.types : [types.none];
  const type = asked.find((type) => wanted === "any" || types[wanted] === type);
  if (type === undefined) {
    throw new AuthError(`${rpc.peer} wants ${names(asked)}, but the URI has auth=${wanted}`);
  }
  switch (type) {
    case types.none:
      return;
    case types.polkit:
      return await polkit(rpc, options);
    case types.sasl: {
      const { saslLogin } = await import("./sasl.ts");
      return await saslLogin(rpc, stream.secure, target, options);
    }
    default:
      throw new AuthError(`${rpc.peer} wants ${names(asked)}; this client supports none, SASL and polkit`);
  }
}

async function polkit(rpc: Rpc, options: CallOptions): Promise<void> {
  try {
    await rpc.call(procedures.authPolkit, undefined, options);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    throw new AuthError(
      `${rpc.peer} asks polkit, which does not let this user in (${error.detail}): run as root, add the user to the group libvirt, or write a polkit rule for org.libvirt.unix.manage`,
      { cause: error },
    );
  }
}

function names(numbers: readonly number[]): string {
  const known = new Map<number, string>(Object.entries(types).map(([name, number]) => [number, name]));
  return numbers.map((number) => known.get(number) ?? `authentication type ${number}`).join(" or ");
}
