import { readFile } from "node:fs/promises";
import type { SecureContext } from "node:tls";
import { TlsError } from "./errors.ts";
import type { Environment } from "./proxy.ts";

/** keystoneauth's session options for TLS; paths of PEM files. */
export interface TlsOptions {
  readonly cafile?: string | undefined;
  readonly certfile?: string | undefined;
  /** Undefined with a certfile: the certfile holds the key too. */
  readonly keyfile?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** Where distributions keep the machine's own trusted CAs, which Python's requests reads on Debian and Red Hat. */
const systemBundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/**
 * Reads the files once into one context: without it every connection would parse the whole CA bundle again.
 * @throws TlsError naming the file and the option
 */
export async function secureContext(options: TlsOptions, environment: Environment): Promise<SecureContext> {
  const { createSecureContext } = await import("node:tls");
  const cert = options.certfile === undefined ? undefined : await pem(options.certfile, "certfile");
  const key = options.keyfile === undefined ? cert : await pem(options.keyfile, "keyfile");
  const ca = await trusted(options, environment);
  try {
    return createSecureContext({ ...(ca && { ca }), ...(cert && key && { cert, key }) });
  } catch (error) {
    const files = [options.cafile, options.certfile, options.keyfile].filter((file) => file !== undefined).join(", ");
    throw new TlsError(`cannot use the certificates in ${files}: ${text(error)}`, { cause: error });
  }
}

async function trusted(options: TlsOptions, environment: Environment): Promise<Buffer | undefined> {
  if (options.insecure === true) return undefined;
  if (options.cafile !== undefined) return await pem(options.cafile, "cafile");
  const named = environment.REQUESTS_CA_BUNDLE ?? environment.CURL_CA_BUNDLE;
  if (named !== undefined && named !== "") return await pem(named, "REQUESTS_CA_BUNDLE");
  for (const bundle of systemBundles) {
    const found = await readFile(bundle).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function pem(file: string, option: string): Promise<Buffer> {
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    throw new TlsError(`cannot read ${option} ${file}: ${text(error)}`, { cause: error });
  }
  // An empty or foreign CA file is accepted in silence by OpenSSL, and every server is then untrusted.
  if (!content.includes("-----BEGIN ")) throw new TlsError(`${option} ${file} holds no PEM certificate or key`);
  return content;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
