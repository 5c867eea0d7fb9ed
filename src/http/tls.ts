import { constants, promises } from "node:fs";
import type { SecureContext } from "node:tls";
import { TlsError } from "./errors.ts";
import type { OptionNames } from "./option-names.ts";
import type { Environment } from "./proxy.ts";

/** Which CAs to trust, and the client certificate to use. Paths are of PEM files, which are read again after a failed handshake. */
export interface TlsOptions {
  /** Undefined: the environment's CA bundle, else the machine's own CAs. */
  readonly cafile?: string | undefined;
  readonly certfile?: string | undefined;
  /** Undefined with a certfile: the certfile holds the key too. */
  readonly keyfile?: string | undefined;
  /** PEM text in place of a file, as a kubeconfig holds it. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** True: certificates are not checked. Anyone in between can read what is sent; the caller logs that. */
  readonly insecure?: boolean | undefined;
  readonly optionNames?: OptionNames | undefined;
}

/** Bytes. The CAs of a whole distribution are a quarter of a megabyte. */
const LARGEST_PEM = 8 * 1024 * 1024;

/** Where distributions keep the machine's own trusted CAs, which Python's requests reads on Debian and Red Hat. */
const systemBundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/**
 * Reads the files once into one context: without it every connection would parse the whole CA bundle again.
 * @throws TlsError naming the file and the option
 */
export async function secureContext(options: TlsOptions, environment: Environment): Promise<SecureContext> {
  const { createSecureContext } = await import("node:tls");
  const cert = await pem(options, "certfile", options.cert);
  const key = (await pem(options, "keyfile", options.key)) ?? cert;
  const ca = await trusted(options, environment);
  try {
    return createSecureContext({ ...(ca && { ca }), ...(cert && key && { cert, key }) });
  } catch (error) {
    const files = [options.cafile, options.certfile, options.keyfile].filter((file) => file !== undefined).join(", ");
    throw new TlsError(`cannot use the certificates${files === "" ? "" : ` in ${files}`}: ${text(error)}`, {
      cause: error,
    });
  }
}

async function trusted(options: TlsOptions, environment: Environment): Promise<Buffer | string | undefined> {
  if (options.insecure === true) return undefined;
  const configured = await pem(options, "cafile", options.ca);
  if (configured !== undefined) return configured;
  const bundle = environment.REQUESTS_CA_BUNDLE ?? environment.CURL_CA_BUNDLE;
  if (bundle !== undefined && bundle !== "") return await readPem(bundle, "cafile", "REQUESTS_CA_BUNDLE");
  for (const path of systemBundles) {
    const found = await readBounded(path).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text if there is one, else the file's. */
async function pem(
  options: TlsOptions,
  option: "cafile" | "certfile" | "keyfile",
  content: string | undefined,
): Promise<Buffer | string | undefined> {
  if (content !== undefined) return content;
  const file = options[option];
  return file === undefined ? undefined : await readPem(file, option, options.optionNames?.[option] ?? option);
}

async function readPem(file: string, option: "cafile" | "certfile" | "keyfile", name: string): Promise<Buffer> {
  let content: Buffer;
  try {
    content = await readBounded(file);
  } catch (error) {
    throw new TlsError(`cannot read ${name} ${file}: ${text(error)}`, { cause: error, option });
  }
  // OpenSSL accepts an empty or foreign CA file without an error, and every server is then untrusted.
  if (!content.includes("-----BEGIN ")) {
    throw new TlsError(`${name} ${file} contains no PEM certificate or key`, { option });
  }
  return content;
}

/** A device has no end, and a named pipe may have no writer: neither may hold the program up. */
async function readBounded(path: string): Promise<Buffer> {
  const file = await promises.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error("it is not a regular file");
    const bytes = Buffer.alloc(Math.min(found.size, LARGEST_PEM) + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead > LARGEST_PEM) throw new Error(`it is larger than ${LARGEST_PEM} bytes`);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
