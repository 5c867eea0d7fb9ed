import { constants, promises } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ConnectError } from "../errors.ts";

export interface Pki {
  readonly ca: Buffer;
  /** Each is an option of node:tls, or nothing: a server may do without client certificates. */
  readonly cert: { readonly cert?: Buffer };
  readonly key: { readonly key?: Buffer };
  readonly crl: { readonly crl?: Buffer };
  /** The files, for messages. */
  readonly names: string;
}

interface Places {
  readonly ca: string;
  readonly crl: string;
  readonly cert: string;
  readonly key: string;
}

const system: Places = {
  ca: "/etc/pki/CA/cacert.pem",
  crl: "/etc/pki/CA/cacrl.pem",
  cert: "/etc/pki/libvirt/clientcert.pem",
  key: "/etc/pki/libvirt/private/clientkey.pem",
};

/**
 * Reads the certificates from where libvirt's client looks (https://libvirt.org/kbase/tlscerts.html): `pkipath=`, else for
 * others than root ~/.pki/libvirt if it is complete, else /etc/pki.
 * @throws ConnectError naming the file that is missing or unreadable
 */
export async function readPki(pkiPath: string | undefined): Promise<Pki> {
  const places = await choose(pkiPath);
  const ca = await read(places.ca);
  if (ca === undefined) {
    throw new ConnectError(
      `TLS needs the CA's certificate, and there is no ${places.ca}: put it there, or name its folder with pkipath= in the URI`,
    );
  }
  const [cert, key, crl] = await Promise.all([read(places.cert), read(places.key), read(places.crl)]);
  if ((cert === undefined) !== (key === undefined)) {
    const [missing, there] = cert === undefined ? [places.cert, places.key] : [places.key, places.cert];
    throw new ConnectError(`TLS: there is ${there}, but no ${missing} that belongs to it`);
  }
  return {
    ca,
    cert: cert ? { cert } : {},
    key: key ? { key } : {},
    crl: crl ? { crl } : {},
    names: cert ? `${places.ca}, ${places.cert}` : `${places.ca}; there is no client certificate ${places.cert}`,
  };
}

async function choose(pkiPath: string | undefined): Promise<Places> {
  if (pkiPath !== undefined) return inFolder(pkiPath);
  if (process.getuid?.() === 0) return system;
  const own = inFolder(join(homedir(), ".pki", "libvirt"));
  const complete = await Promise.all([own.ca, own.cert, own.key].map(isThere));
  return complete.every(Boolean) ? own : system;
}

function inFolder(folder: string): Places {
  const file = (name: string): string => join(folder, name);
  return {
    ca: file("cacert.pem"),
    crl: file("cacrl.pem"),
    cert: file("clientcert.pem"),
    key: file("clientkey.pem"),
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await promises.access(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await promises.readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "EACCES") throw new ConnectError(`TLS: this user may not read ${path}`, { cause: error });
    throw new ConnectError(`TLS: cannot read ${path}: ${message}`, { cause: error });
  }
}
