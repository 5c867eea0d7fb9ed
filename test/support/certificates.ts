import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A CA and certificates that it signed, as PEM files in a folder of their own that goes with `dispose`. */
export class Certificates implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "certificates-"));
  readonly ca = join(this.folder, "ca.pem");

  constructor() {
    this.#openssl("req", "-x509", ...key, "-keyout", this.#file("ca.key"), "-out", this.ca, "-subj", "/CN=Test CA");
  }

  /** @param subjectAltName e.g. `IP:127.0.0.1` @param days negative: expired */
  issue(name: string, subjectAltName: string, days = 2): { readonly cert: string; readonly key: string } {
    const files = { cert: this.#file(`${name}.pem`), key: this.#file(`${name}.key`) };
    const request = this.#file(`${name}.csr`);
    const extensions = this.#file(`${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${subjectAltName}\n`);
    this.#openssl("req", ...key, "-keyout", files.key, "-out", request, "-subj", `/CN=${name}`);
    const issuer = ["-CA", this.ca, "-CAkey", this.#file("ca.key"), "-CAcreateserial"];
    const validity = ["-days", String(days), "-extfile", extensions];
    this.#openssl("x509", "-req", "-in", request, "-out", files.cert, ...issuer, ...validity);
    return files;
  }

  write(name: string, content: string): string {
    const file = this.#file(name);
    writeFileSync(file, content);
    return file;
  }

  #file(name: string): string {
    return join(this.folder, name);
  }

  #openssl(...args: string[]): void {
    execFileSync("/usr/bin/openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
