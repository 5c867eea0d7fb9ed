import { readFileSync, writeFileSync } from "node:fs";

/**
 * Writes npm-shrinkwrap.json, the lock file that npm puts into a package and obeys where that is installed: what runs as
 * root on a hypervisor has the checksums of package-lock.json, not only its version numbers. It exists only while packing.
 */
interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly devDependencies?: unknown;
}

const file = (name: string): URL => new URL(`../${name}`, import.meta.url);
const lock = JSON.parse(readFileSync(file("package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};
const packages = Object.entries(lock.packages)
  .filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true)
  .map(([path, { devDependencies: _, ...locked }]) => [path, locked]);
const shrinkwrap = { ...lock, packages: Object.fromEntries(packages) as unknown };
writeFileSync(file("npm-shrinkwrap.json"), `${JSON.stringify(shrinkwrap, undefined, 2)}\n`);
