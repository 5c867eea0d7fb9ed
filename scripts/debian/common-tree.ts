import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { bashCompletion } from "./completion.ts";
import { type Help, type HelpEntry, helpOf } from "./help.ts";
import { manPage } from "./man-page.ts";
import { COMMON, monitorPackages } from "./monitors.ts";
import { project, sourceText, type Tree } from "./tree.ts";

const LIB = "usr/lib/masakari-monitors";
const DOC = `usr/share/doc/${COMMON}`;
const SHARE = `usr/share/${COMMON}`;

const FILES: readonly HelpEntry[] = [
  { term: "/etc/masakarimonitors/masakarimonitors.conf", text: "the configuration of all the monitors" },
  { term: "/etc/masakarimonitors/process_list.yaml", text: "what masakari-processmonitor watches" },
  { term: "/etc/masakari/masakari.conf", text: "read instead by Debian's units if it has a section [api]" },
  { term: "/etc/default/masakari-process-monitor and its like", text: "arguments of Debian's units: DAEMON_ARGS" },
  { term: "/var/lib/masakarimonitors", text: "undelivered notifications, and what a monitor knew when it stopped" },
  { term: "/var/lib/masakari-control-plane", text: "the control plane's database, and openrc: its login" },
  { term: "/etc/default/masakari-monitors-control-plane", text: "options of the control plane's unit: DAEMON_ARGS" },
];

/** The binaries that npm has installed for one platform. */
export interface Pinned {
  /** The path of a `node_modules`. */
  readonly modules: string;
  /** Node's name of it, e.g. `linux-x64`. */
  readonly platform: string;
}

export function fillCommonTree(tree: Tree, pinned: Pinned, version: string, date: number): void {
  programs(tree, pinned);
  documentation(tree);
  const helps = ["masakari-monitors", "masakari", ...monitorPackages.map(({ program }) => program)].map((name) =>
    helpOf(name),
  );
  manual(tree, helps, version, date);
  tree.text("usr/share/bash-completion/completions/masakari-monitors", bashCompletion(helps));
  for (const { name } of helps.slice(1)) {
    tree.link(`usr/share/bash-completion/completions/${name}`, "masakari-monitors");
  }
  tree.copy("usr/lib/sysusers.d/masakari-monitors.conf", "packaging/sysusers.d/masakari.conf");
  tree.copy("etc/logrotate.d/masakari-monitors", "packaging/debian/logrotate");
  tree.copy(`usr/share/lintian/overrides/${COMMON}`, `packaging/debian/${COMMON}.lintian-overrides`);
  tree.copy(`${SHARE}/masakarimonitors.conf`, "etc/masakarimonitors/masakarimonitors.conf.sample");
  tree.text(`${SHARE}/process_list.yaml`, emptyProcessList());
}

function programs(tree: Tree, { modules: from, platform }: Pinned): void {
  // The exported library is npm's, and what V8 has compiled is for the machine of the build.
  const isProgram = (path: string): boolean =>
    !/\/dist\/(?:types|libvirt\.mjs)$/.test(path) && (!path.endsWith(".cache") || path.endsWith(`-${platform}.cache`));
  for (const part of ["bin", "dist", "package.json"]) tree.copy(`${LIB}/${part}`, part, isProgram);
  tree.copy(`${LIB}/debian/start`, "packaging/debian/start");
  const modules = `${LIB}/node_modules`;
  for (const part of ["bin/node", "package.json"]) {
    tree.copy(`${modules}/node-${platform}/${part}`, `${from}/node-${platform}/${part}`);
  }
  const native = `@koromix/koffi-${platform}`;
  // Debian has glibc.
  tree.copy(`${modules}/${native}`, `${from}/${native}`, (path) => !/\/musl_|README/.test(path));
  for (const part of ["package.json", "build/index.js", "build/index.cjs"]) {
    tree.copy(`${modules}/re2js/${part}`, `node_modules/re2js/${part}`);
  }
  for (const name of readdirSync(join(project, "bin")).filter((name) => name !== "launch")) {
    tree.link(`usr/bin/${name}`, `../lib/masakari-monitors/bin/${name}`);
  }
  tree.copy(`${DOC}/LICENSE.re2js`, "node_modules/re2js/LICENSE");
  tree.gzipped(`${DOC}/LICENSE.node`, sourceText(`${from}/node-${platform}/LICENSE`));
}

function documentation(tree: Tree): void {
  for (const name of ["README.md", "SECURITY.md"]) tree.copy(`${DOC}/${name}`, name);
  tree.gzipped(`${DOC}/CHANGELOG.md`, sourceText("CHANGELOG.md"));
  tree.copy(`${DOC}/docs`, "docs");
  tree.copy(`${DOC}/examples`, "etc/masakarimonitors");
  tree.copy(`${DOC}/examples/prometheus`, "packaging/prometheus");
}

function manual(tree: Tree, helps: readonly Help[], version: string, date: number): void {
  const pages = helps.map((help) => ({ help, section: help.name === "masakari" ? (1 as const) : (8 as const) }));
  for (const { help, section } of pages) {
    const others = pages.filter((page) => page.help !== help).map((page) => `${page.help.name}(${page.section})`);
    const seeAlso = [...others.sort(), `/${DOC}/docs`];
    tree.gzipped(
      `usr/share/man/man${section}/${help.name}.${section}`,
      manPage(help, { section, version, date, files: FILES, seeAlso }),
    );
  }
  // Pacemaker runs it; what it does is in the command of this name.
  tree.gzipped("usr/share/man/man8/masakari-pacemaker-alert.8", ".so man8/masakari-monitors.8\n");
}

/** The help of the sample, and no process: which ones a host has is not known here. */
function emptyProcessList(): string {
  const sample = sourceText("etc/masakarimonitors/process_list.yaml.sample");
  const help = sample.split("\n").filter((line) => line.startsWith("#"));
  return `${[...help, "[]"].join("\n")}\n`;
}

/** @throws if what the lock file pins for this platform is not installed */
export function requirePlatform({ modules, platform }: Pinned): void {
  for (const path of [`node-${platform}/bin/node`, `@koromix/koffi-${platform}/package.json`]) {
    if (!existsSync(join(modules, path))) {
      throw new Error(
        `${join(modules, path)} is missing: run npm ci, for another architecture as docs/packages.md shows`,
      );
    }
  }
}
