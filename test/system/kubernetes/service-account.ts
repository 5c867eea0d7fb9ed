import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { AdminApi } from "./api.ts";
import type { Bed } from "./bed.ts";

/** The API server issues none for less, s. */
const SHORTEST_LIFE_S = 600;
const FILES = ["token", "ca.crt", "namespace"];

/**
 * A ServiceAccount's tokens, real ones of TokenRequest, in a directory that is mounted and changed as by a kubelet: `..data` is a link
 * to a directory of the time, and a new token comes by another such link that is renamed onto it.
 */
export class MountedServiceAccount {
  readonly folder: string;
  readonly #bed: Bed;
  readonly #namespace: string;
  readonly #name: string;
  #count = 0;
  #token = "";

  constructor(bed: Bed, { folder, namespace, name }: { folder: string; namespace: string; name: string }) {
    this.#bed = bed;
    this.folder = folder;
    this.#namespace = namespace;
    this.#name = name;
    mkdirSync(folder, { mode: 0o755 });
    for (const file of FILES) symlinkSync(`..data/${file}`, join(folder, file));
  }

  /** Mounts a new token in place of the one before. @returns the one before */
  async rotate(): Promise<string> {
    const before = this.#token;
    this.#count++;
    this.#token = await this.#issue(this.#boundTo(this.#count));
    const version = join(this.folder, `..version-${this.#count}`);
    mkdirSync(version, { mode: 0o755 });
    copyFileSync(this.#bed.access.ca, join(version, "ca.crt"));
    writeFileSync(join(version, "namespace"), this.#namespace);
    writeFileSync(join(version, "token"), this.#token, { mode: 0o644 });
    symlinkSync(basename(version), join(this.folder, "..data_tmp"));
    renameSync(join(this.folder, "..data_tmp"), join(this.folder, "..data"));
    rmSync(join(this.folder, `..version-${this.#count - 1}`), { recursive: true, force: true });
    return before;
  }

  /** Ends the token before the one that is mounted: what it is bound to is deleted, since ten minutes are too long to wait. */
  async endPrevious(): Promise<void> {
    await this.#bed.api.done("DELETE", `${this.#secrets}/${this.#boundTo(this.#count - 1)}`);
  }

  /** HTTP status of a request with a token, by default the one that is mounted. */
  async ask(path: string, token = this.#token): Promise<number> {
    const { status } = await new AdminApi({ ...this.#bed.access, token }).send("GET", path);
    return status;
  }

  get #secrets(): string {
    return `/api/v1/namespaces/${this.#namespace}/secrets`;
  }

  #boundTo(count: number): string {
    return `token-${count}`;
  }

  async #issue(secret: string): Promise<string> {
    const { api } = this.#bed;
    await api.done("POST", this.#secrets, { apiVersion: "v1", kind: "Secret", metadata: { name: secret } });
    const path = `/api/v1/namespaces/${this.#namespace}/serviceaccounts/${this.#name}/token`;
    const spec = {
      expirationSeconds: SHORTEST_LIFE_S,
      boundObjectRef: { apiVersion: "v1", kind: "Secret", name: secret },
    };
    const issued = await api.done("POST", path, { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec });
    return (JSON.parse(issued) as { status: { token: string } }).status.token;
  }
}
