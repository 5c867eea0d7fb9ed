import { sourceText, type Tree } from "./tree.ts";

/** The embedded control plane: its unit, the user of it, and a file for its options. The program is in the common package. */
export const controlPlanePackage = {
  name: "masakari-monitors-control-plane",
  title: "embedded control plane",
  what: "It is a small masakari-api and Keystone in one process, without an engine.",
} as const;

const { name } = controlPlanePackage;
const unit = `${name}.service`;

export function fillControlPlaneTree(tree: Tree): void {
  tree.copy(`lib/systemd/system/${unit}`, `packaging/systemd/${unit}`);
  tree.copy(`usr/lib/sysusers.d/${name}.conf`, "packaging/sysusers.d/masakari-control-plane.conf");
  tree.copy(`etc/default/${name}`, "packaging/debian/control-plane.default");
}

/** @returns its maintainer scripts, by name */
export function controlPlaneScripts(): Readonly<Record<string, string>> {
  const script = (file: string): string => sourceText(`packaging/debian/${file}`).replaceAll("@UNIT@", unit);
  return {
    postinst: script("control-plane.postinst"),
    prerm: script("monitor.prerm"),
    postrm: script("control-plane.postrm"),
  };
}
