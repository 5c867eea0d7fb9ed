import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Tls } from "../../control-plane/http/server.ts";
import { messageOf } from "../../system/message-of.ts";
import { nodeCrypto } from "../../system/node-crypto.ts";
import { readOpenrcPassword } from "../openrc.ts";
import { type ControlPlaneArguments, passwordVariable } from "./options.ts";
import { StartError } from "./start-error.ts";

/**
 * Never from the command line, where every user of the machine can read it.
 * @throws StartError
 */
export function choosePassword({ passwordFile }: ControlPlaneArguments, openrc: string): string {
  try {
    const given =
      passwordFile === undefined
        ? process.env[passwordVariable]
        : readFileSync(passwordFile, "utf8").split(/\r?\n/, 1)[0];
    if (given === "") {
      throw new StartError(`the password in ${passwordFile ?? `$${passwordVariable}`} is empty; put one there`);
    }
    return given ?? readOpenrcPassword(openrc) ?? nodeCrypto().randomBytes(24).toString("base64url");
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError(`cannot read the password: ${messageOf(cause)}`, { cause });
  }
}

/** @throws StartError */
export function readTls({ tlsCert, tlsKey }: ControlPlaneArguments): Tls | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new StartError("a certificate needs its key and the key its certificate: give --tls-cert and --tls-key");
  }
  try {
    const tls = { cert: readFileSync(tlsCert, "utf8"), key: readFileSync(tlsKey, "utf8") };
    createSecureContext(tls);
    return tls;
  } catch (cause) {
    throw new StartError(`cannot use the certificate or its key (--tls-cert, --tls-key): ${messageOf(cause)}`, {
      cause,
    });
  }
}
