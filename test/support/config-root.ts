import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory that stands for `/` of a host, with files in it; it is removed when the test disposes of it. */
export interface ConfigRoot extends Disposable {
  readonly root: string;
  readonly homeDir: string;
  path(name: string): string;
}

/** Makes the files, by their path from the root: `etc/masakarimonitors/masakarimonitors.conf`. */
export function configRoot(files: Readonly<Record<string, string | Uint8Array>> = {}): ConfigRoot {
  const root = mkdtempSync(join(tmpdir(), "masakari-config-"));
  mkdirSync(join(root, "home"));
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return {
    root,
    homeDir: join(root, "home"),
    path: (name) => join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
