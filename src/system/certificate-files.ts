import { promises } from "node:fs";
import { readTextFile } from "../config/text-file.ts";
import { messageOf } from "./message-of.ts";

/** A certificate, with those that signed it, and its key; both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFiles {
  readonly certFile: string;
  /** May be the same file. */
  readonly keyFile: string;
  /** What the configuration calls the two, for errors. */
  readonly names: { readonly cert: string; readonly key: string };
}

/** @throws Error with the option and what is wrong: a file cannot be read, is no PEM, or the key is another certificate's */
export async function readCertificate({ certFile, keyFile, names }: CertificateFiles): Promise<Certificate> {
  const certificate = { cert: read(certFile, names.cert), key: read(keyFile, names.key) };
  const { createSecureContext } = await import("node:tls");
  try {
    createSecureContext(certificate);
  } catch (cause) {
    const files = certFile === keyFile ? certFile : `${certFile}, ${keyFile}`;
    throw new Error(`${names.cert}, ${names.key}: ${files} cannot be used: ${messageOf(cause)}`, { cause });
  }
  return certificate;
}

function read(file: string, name: string): string {
  const found = readTextFile(file);
  if ("reason" in found) throw new Error(`${name}: ${file} ${found.reason}`);
  return found.text;
}

/** What changes when a file is written, or another takes its place, also behind a symbolic link. Waits for no disk on this thread. */
export async function fingerprintOf({ certFile, keyFile }: CertificateFiles): Promise<string> {
  const of = async (file: string): Promise<string> => {
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = await promises.stat(file);
      return [dev, ino, size, mtimeMs, ctimeMs].join(":");
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : messageOf(error);
    }
  };
  return (await Promise.all([certFile, keyFile].map(of))).join(" ");
}
