import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

export const project = fileURLToPath(new URL("../..", import.meta.url));

export function sourceText(path: string): string {
  return readFileSync(resolve(project, path), "utf8");
}

/** The files of one package, as they are going to be on the host. */
export class Tree {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  text(path: string, text: string, mode = 0o644): void {
    writeFileSync(this.#made(path), text, { mode });
  }

  /** Compressed, without a time or a name in it: two builds are the same. */
  gzipped(path: string, text: string): void {
    const compressed = gzipSync(text, { level: 9 });
    // The operating system that made it (RFC 1952); zlib writes the builder's.
    compressed[9] = 255;
    writeFileSync(this.#made(`${path}.gz`), compressed, { mode: 0o644 });
  }

  /** A file or a directory of the project, or by its full path of elsewhere. @param keep which of a directory's files, by their full path */
  copy(path: string, from: string, keep: (path: string) => boolean = () => true): void {
    cpSync(resolve(project, from), this.#made(path), { recursive: true, filter: keep });
  }

  link(path: string, target: string): void {
    symlinkSync(target, this.#made(path));
  }

  /** All of it below the root, directories before what is in them, sorted. */
  paths(): readonly string[] {
    return readdirSync(this.root, { recursive: true, encoding: "utf8" }).sort();
  }

  #made(path: string): string {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    return full;
  }
}
