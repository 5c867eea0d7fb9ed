import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { fillCommonTree, requirePlatform } from "./debian/common-tree.ts";
import { commonControl, EPOCH, type Release, type ServicePackage, serviceControl } from "./debian/control.ts";
import { controlPlanePackage, controlPlaneScripts, fillControlPlaneTree } from "./debian/control-plane.ts";
import { buildDeb, type DebOptions } from "./debian/deb.ts";
import { fillMonitorTree, monitorScripts } from "./debian/monitor-tree.ts";
import { COMMON, monitorPackages } from "./debian/monitors.ts";
import { project, sourceText, Tree } from "./debian/tree.ts";

interface PackageOptions {
  readonly output: string;
  readonly packageVersion: string;
  readonly architecture?: string;
  readonly modules?: string;
  readonly compression: DebOptions["compression"];
}

/** Node's names of Debian's architectures. */
const NODE_NAMES: Readonly<Record<string, string>> = { amd64: "x64", arm64: "arm64" };

/**
 * Makes the Debian packages of the build (`npm run build`) for this machine's architecture, or for another whose Node and koffi npm has
 * installed elsewhere. It needs dpkg-deb and nothing of the network; the date of everything in them is SOURCE_DATE_EPOCH, by default
 * that of the last commit.
 */
const { version: ownVersion } = JSON.parse(sourceText("package.json")) as { version: string };
const options = new Command("npm run package --")
  .description("Make Debian packages of this checkout.")
  .option("--output <DIRECTORY>", "where to put them", "packages")
  .option("--package-version <VERSION>", "the version of the packages", ownVersion)
  .addOption(new Option("--architecture <NAME>", "of the host that they are for").choices(["amd64", "arm64"]))
  .option("--modules <DIRECTORY>", "node_modules with the Node and koffi of that architecture")
  .addOption(new Option("--compression <METHOD>", "none is the fastest").choices(["xz", "gzip", "none"]).default("xz"))
  .parse()
  .opts<PackageOptions>();

const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-C", project, ...args], { encoding: "utf8" }).trim();
const date = Number(process.env.SOURCE_DATE_EPOCH ?? git("log", "-1", "--format=%ct"));
const { DEBFULLNAME, DEBEMAIL } = process.env;
const own = Object.keys(NODE_NAMES).find((name) => NODE_NAMES[name] === process.arch);
const architecture = options.architecture ?? own;
if (architecture === undefined) throw new Error(`there is no Node for ${process.arch} in the lock file`);
const modules = resolve(options.modules ?? join(project, "node_modules"));
const pinned = { modules, platform: `linux-${NODE_NAMES[architecture]}` };
requirePlatform(pinned);

const release: Release = {
  version: `${EPOCH}${options.packageVersion}`,
  architecture,
  maintainer: DEBFULLNAME && DEBEMAIL ? `${DEBFULLNAME} <${DEBEMAIL}>` : git("log", "-1", "--format=%an <%ae>"),
};

/** What the policy wants of every package. */
function fillDocumentation(tree: Tree, name: string): void {
  tree.copy(`usr/share/doc/${name}/copyright`, "packaging/debian/copyright");
  const when = new Date(date * 1000).toUTCString().replace("GMT", "+0000");
  const text = `${name} (${release.version}) stable; urgency=medium\n\n  * See /usr/share/doc/${COMMON}/CHANGELOG.md.gz.\n\n -- ${release.maintainer}  ${when}\n`;
  tree.gzipped(`usr/share/doc/${name}/changelog`, text.replace(name, "masakari-monitors"));
}

const output = resolve(options.output);
const scratch = mkdtempSync(join(tmpdir(), "masakari-monitors-package-"));
mkdirSync(output, { recursive: true });
try {
  const build = (name: string, built: string, tree: Tree, parts: Pick<DebOptions, "control" | "scripts">): void => {
    fillDocumentation(tree, name);
    const file = join(output, `${name}_${options.packageVersion}_${built}.deb`);
    buildDeb(tree, { file, date, compression: options.compression, ...parts });
    process.stdout.write(`${file}\n`);
  };
  const common = new Tree(join(scratch, COMMON));
  fillCommonTree(common, pinned, options.packageVersion, date * 1000);
  build(COMMON, architecture, common, {
    control: (size) => commonControl(release, size),
    scripts: {
      postinst: sourceText("packaging/debian/common.postinst"),
      postrm: sourceText("packaging/debian/common.postrm"),
    },
  });
  const buildService = (service: ServicePackage, fill: (tree: Tree) => void, scripts: DebOptions["scripts"]): void => {
    const tree = new Tree(join(scratch, service.name));
    fill(tree);
    build(service.name, "all", tree, { control: (size) => serviceControl(release, service, size), scripts });
  };
  for (const monitor of monitorPackages) {
    buildService(monitor, (tree) => fillMonitorTree(tree, monitor), monitorScripts(monitor));
  }
  buildService(controlPlanePackage, fillControlPlaneTree, controlPlaneScripts());
} finally {
  rmSync(scratch, { recursive: true });
}
