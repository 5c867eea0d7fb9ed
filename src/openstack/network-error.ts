import { ConnectionError, OpenStackError, TlsError } from "./errors.ts";

const untrusted =
  "its certificate is not signed by a CA that this host trusts: set [api] cafile to the CA's PEM file, or add the CA to the machine's own";

/** What to do about OpenSSL's and Node's reasons. */
const tlsAdvice: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: "its certificate has expired: renew it, or check this host's clock",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: check this host's clock",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name: use a name that the certificate holds in the URL",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS: should the URL begin with http:// ?",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS: should the URL begin with http:// ?",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it demands a client certificate: set [api] certfile and keyfile",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "it refused our client certificate: check [api] certfile and keyfile",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "it does not know the CA of our client certificate: check [api] certfile",
};

const connectionAdvice: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused: is the service running, and are address and port right?",
  ECONNRESET: "the connection was closed before an answer came",
  EPIPE: "the connection was closed before an answer came",
  ENOTFOUND: "the name is not known: check the URL and this host's resolver",
  EAI_AGAIN: "the name could not be resolved just now: check this host's resolver",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the connection timed out: is the host up, or a firewall in between?",
};

/** Codes of a connection that ended before an answer, as a kept-alive one does when the server had closed it. */
export function isReset(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED";
}

/** A failed exchange as an error of ours, saying whom we talked to and what to do. Errors of ours pass unchanged. */
export function networkError(error: unknown, whom: string): OpenStackError {
  if (error instanceof OpenStackError) return error;
  const code = codeOf(error);
  const detail = error instanceof Error && error.message !== "" ? error.message : code;
  if (isTls(code, detail)) {
    const advice = tlsAdvice[code] ?? `the TLS handshake failed: ${detail}`;
    return new TlsError(`no secure connection to ${whom}: ${advice} (${code})`, { cause: error });
  }
  const advice = connectionAdvice[code] ?? detail;
  return new ConnectionError(`no answer from ${whom}: ${advice}${code === "" ? "" : ` (${code})`}`, { cause: error });
}

function isTls(code: string, detail: string): boolean {
  return code in tlsAdvice || /^ERR_(SSL|TLS)_|CERT|^EPROTO$/.test(code) || /TLS connection|certificate/i.test(detail);
}

/** Node's code; for a handshake that failed while writing (EPROTO) the one that OpenSSL's reason has elsewhere. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reason = code === "EPROTO" ? /error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1] : undefined;
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(/[ /]/g, "_")}`;
}
