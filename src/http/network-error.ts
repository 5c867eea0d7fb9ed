import { ConnectionError, HttpError, TlsError } from "./errors.ts";
import type { OptionNames } from "./option-names.ts";

/** What to do about OpenSSL's and Node's reasons. */
function tlsAdvice(code: string, names: OptionNames): string | undefined {
  const { cafile = "cafile", certfile = "certfile", keyfile = "keyfile" } = names;
  switch (code) {
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_UNTRUSTED":
      return `its certificate is not signed by a CA that this host trusts: set ${cafile} to the CA's PEM file, or add the CA to the machine's own`;
    case "CERT_HAS_EXPIRED":
      return "its certificate has expired: renew it, or check this host's clock";
    case "CERT_NOT_YET_VALID":
      return "its certificate is not valid yet: check this host's clock";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "its certificate is for another name: use a name that the certificate holds in the URL";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return "it does not speak TLS: should the URL begin with http:// ?";
    case "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED":
      return `it demands a client certificate: set ${certfile} and ${keyfile}`;
    case "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE":
      return `it refused the client certificate: check ${certfile} and ${keyfile}`;
    case "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA":
      return `it does not know the CA of the client certificate: check ${certfile}`;
    default:
      return undefined;
  }
}

const connectionAdvice: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused: is the service running, and are address and port right?",
  ECONNRESET: "the connection was closed before the response was complete",
  EPIPE: "the connection was closed before the response was complete",
  ERR_STREAM_PREMATURE_CLOSE: "the connection was closed before the response was complete",
  ENOTFOUND: "the name is not known: check the URL and this host's resolver",
  EAI_AGAIN: "the name could not be resolved just now: check this host's resolver",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the connection timed out: is the host up, or a firewall in between?",
};

/** Codes of a connection that ended before a response, as a kept-alive one does when the server had closed it. */
export function isReset(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED";
}

/** A failed exchange as an error of ours that names the server and what to do. Errors of ours pass unchanged. */
export function networkError(error: unknown, server: string, names: OptionNames): HttpError {
  if (error instanceof HttpError) return error;
  const code = codeOf(error);
  const detail = error instanceof Error && error.message !== "" ? error.message : code;
  const advice = tlsAdvice(code, names);
  if (advice !== undefined || isTls(code, detail)) {
    const reason = advice ?? `the TLS handshake failed: ${detail}`;
    return new TlsError(`no secure connection to ${server}: ${reason} (${code})`, { cause: error });
  }
  const reason = connectionAdvice[code] ?? detail;
  return new ConnectionError(`no response from ${server}: ${reason}${code === "" ? "" : ` (${code})`}`, {
    cause: error,
  });
}

function isTls(code: string, detail: string): boolean {
  return /^ERR_(SSL|TLS)_|CERT|^EPROTO$/.test(code) || /TLS connection|certificate/i.test(detail);
}

/** Node's code; for a handshake that failed while writing (EPROTO) the one that OpenSSL's reason has elsewhere. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reason = code === "EPROTO" ? /error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1] : undefined;
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(/[ /]/g, "_")}`;
}
