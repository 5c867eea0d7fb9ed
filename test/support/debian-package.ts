import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface PackageOptions {
  readonly name: string;
  readonly version: string;
  /** Programs of /usr/sbin, each a binary of its own, and a service of systemd's for each, of the same name. */
  readonly services: readonly string[];
  /** Of each service, beside what starts its program. */
  readonly serviceOptions: string;
  /**
   * What dh_installsystemd of debhelper 13 makes of the service at an upgrade: it is restarted when it is configured (the default),
   * or stopped before it is unpacked and started when it is configured (`--no-restart-after-upgrade`).
   */
  readonly upgrade: "restart" | "stop and start";
}

/**
 * Builds a package with `dpkg-deb`, with the maintainer scripts that debhelper 13 generates. Its preinst takes 4 s.
 * @returns the .deb's path
 */
export async function buildPackage(directory: string, options: PackageOptions): Promise<string> {
  const { name, version, services } = options;
  const root = join(directory, `${name}_${version}`);
  for (const folder of ["DEBIAN", "usr/sbin", "lib/systemd/system"])
    await mkdir(join(root, folder), { recursive: true });
  for (const service of services) {
    const program = join(root, "usr/sbin", service);
    await copyFile("/bin/sleep", program);
    await chmod(program, 0o755);
    const start = `ExecStart=/usr/sbin/${service} 900`;
    const unit = `[Unit]\nDescription=${service} ${version}\n[Service]\n${start}\n${options.serviceOptions}\n`;
    await writeFile(join(root, "lib/systemd/system", `${service}.service`), `${unit}[Install]\nWantedBy=test.target\n`);
  }
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\n`;
  await writeFile(join(root, "DEBIAN/control"), `${control}Description: a package of the tests\n`);
  for (const [script, text] of Object.entries(scripts(options))) {
    await writeFile(join(root, "DEBIAN", script), `#!/bin/sh\nset -e\n${text}`, { mode: 0o755 });
  }
  const file = `${root}.deb`;
  await promisify(execFile)("dpkg-deb", ["--root-owner-group", "-Znone", "--build", root, file]);
  return file;
}

function scripts({ services, upgrade }: PackageOptions): Record<string, string> {
  const units = services.map((service) => `'${service}.service'`).join(" ");
  const configured = `[ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] || [ "$1" = "abort-deconfigure" ] || [ "$1" = "abort-remove" ]`;
  const enable = services
    .map(
      (service) => `if ${configured}; then
  deb-systemd-helper unmask '${service}.service' >/dev/null || true
  if deb-systemd-helper --quiet was-enabled '${service}.service'; then
    deb-systemd-helper enable '${service}.service' >/dev/null || true
  else
    deb-systemd-helper update-state '${service}.service' >/dev/null || true
  fi
fi
`,
    )
    .join("");
  const action =
    upgrade === "restart" ? `if [ -n "$2" ]; then _dh_action=restart; else _dh_action=start; fi` : "_dh_action=start";
  const onlyRemoved = upgrade === "restart" ? ` && [ "$1" = remove ]` : "";
  return {
    preinst: "sleep 4\n",
    postinst: `${enable}if ${configured}; then
  if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    ${action}
    deb-systemd-invoke $_dh_action ${units} >/dev/null || true
  fi
fi
`,
    prerm: `if [ -z "$DPKG_ROOT" ]${onlyRemoved} && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop ${units} >/dev/null || true
fi
`,
    postrm: `if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
`,
  };
}
