import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const documents = globSync(["*.md", "docs/**/*.md", ".github/*.md"], { cwd: root });

/** Paths from the root of the repository in code quotes; a part in capitals (`src/MONITOR/act.ts`) stands for several. */
function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`((?:src|test|scripts|docs|etc|bin|examples)\/[\w./-]+)`/g)].map(
    ([, path]) => path ?? "",
  );
  return quoted.filter((path) => !/\b[A-Z]{3,}\b/.test(path));
}

/** What a Markdown link leads to inside the repository. */
const linksIn = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, path]) => path ?? "");

for (const document of documents) {
  test(`${document}: each file that it names exists`, () => {
    const text = readFileSync(resolve(root, document), "utf8");
    const missing = [
      ...pathsIn(text).filter((path) => !existsSync(resolve(root, path))),
      ...linksIn(text).filter((path) => !existsSync(resolve(root, dirname(document), path))),
    ];
    assert.deepEqual(missing, []);
  });
}
