import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, lutimesSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Tree } from "./tree.ts";

export interface DebOptions {
  /** Path of the .deb. */
  readonly file: string;
  /** s since the Unix epoch, of every file in it. */
  readonly date: number;
  readonly compression: "xz" | "gzip" | "none";
  readonly control: (installedSize: number) => string;
  readonly scripts: Readonly<Record<string, string>>;
}

/** Makes a package of a tree, the same bytes from the same files, whoever builds it and when. */
export function buildDeb(tree: Tree, { file, date, compression, control, scripts }: DebOptions): void {
  const files = tree.paths().filter((path) => !lstatSync(join(tree.root, path)).isDirectory());
  const size = files.reduce((sum, path) => sum + Math.ceil(lstatSync(join(tree.root, path)).size / 1024), 0);
  const regular = files.filter((path) => lstatSync(join(tree.root, path)).isFile());
  const sums = regular.map((path) => `${md5(join(tree.root, path))}  ${path}`);
  tree.text("DEBIAN/control", control(size));
  tree.text("DEBIAN/md5sums", `${sums.join("\n")}\n`);
  const conffiles = regular.filter((path) => path.startsWith("etc/"));
  if (conffiles.length > 0) tree.text("DEBIAN/conffiles", conffiles.map((path) => `/${path}\n`).join(""));
  for (const [name, text] of Object.entries(scripts)) tree.text(`DEBIAN/${name}`, text, 0o755);
  for (const path of ["", ...tree.paths()]) normalise(join(tree.root, path), date);
  rmSync(file, { force: true });
  // More threads compress to other bytes.
  const options = ["--root-owner-group", "--threads-max=1", `-Z${compression}`];
  execFileSync("dpkg-deb", [...options, "--build", tree.root, file], {
    env: { PATH: process.env.PATH, SOURCE_DATE_EPOCH: String(date) },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

// dpkg's own checksum of installed files (debsums(1)).
const md5 = (path: string): string => createHash("md5").update(readFileSync(path)).digest("hex");

function normalise(path: string, date: number): void {
  const status = lstatSync(path);
  // The builder's umask is none of the package's business.
  if (!status.isSymbolicLink()) chmodSync(path, status.isDirectory() || status.mode & 0o100 ? 0o755 : 0o644);
  lutimesSync(path, date, date);
}
