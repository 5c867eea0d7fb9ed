import { readTextFile } from "../../config/text-file.ts";
import type { Certificate } from "../../system/certificate-files.ts";
import { CertificateRenewal } from "../../system/certificate-renewal.ts";
import type { Logger } from "../../system/log.ts";
import { messageOf } from "../../system/message-of.ts";
import { nodeCrypto } from "../../system/node-crypto.ts";
import { systemClock } from "../../system/system-clock.ts";
import { readOpenrcPassword } from "../openrc.ts";
import { type ControlPlaneArguments, passwordVariable } from "./options.ts";
import { StartError } from "./start-error.ts";

/**
 * Never from the command line, where every user of the machine can read it.
 * @throws StartError
 */
export function choosePassword({ passwordFile }: ControlPlaneArguments, openrc: string): string {
  try {
    const given = passwordFile === undefined ? process.env[passwordVariable] : read(passwordFile).split(/\r?\n/, 1)[0];
    if (given === "") {
      throw new StartError(`the password in ${passwordFile ?? `$${passwordVariable}`} is empty; put one there`);
    }
    return given ?? readOpenrcPassword(openrc) ?? nodeCrypto().randomBytes(24).toString("base64url");
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError(`cannot read the password: ${messageOf(cause)}`, { cause });
  }
}

/** How the certificate is read, now and when it is renewed; undefined: no TLS. @throws StartError */
export function certificateOf({ tlsCert, tlsKey }: ControlPlaneArguments, log: Logger): CertificateRenewal | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new StartError("a certificate needs its key and the key its certificate: give --tls-cert and --tls-key");
  }
  const files = { certFile: tlsCert, keyFile: tlsKey, names: { cert: "--tls-cert", key: "--tls-key" } };
  return new CertificateRenewal({ files, clock: systemClock, log, onProblem: () => undefined });
}

/** @throws StartError */
export async function firstCertificate(renewal: CertificateRenewal | undefined): Promise<Certificate | undefined> {
  try {
    return await renewal?.read();
  } catch (cause) {
    throw new StartError(`cannot use the certificate or its key: ${messageOf(cause)}`, { cause });
  }
}

/** A device has no end, and a named pipe may have no writer: neither may hold a control plane up that serves. */
function read(path: string): string {
  const found = readTextFile(path);
  if ("reason" in found) throw new Error(`${path} ${found.reason}`);
  return found.text;
}
