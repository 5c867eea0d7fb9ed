import { COMMON } from "./monitors.ts";

/** A package of one service, whose program is in the common package. */
export interface ServicePackage {
  readonly name: string;
  readonly title: string;
  /** One line of at most 78 characters. */
  readonly what: string;
  readonly depends?: readonly string[];
  readonly recommends?: readonly string[];
  readonly suggests?: readonly string[];
}

export interface Release {
  /** Debian's, with the epoch. */
  readonly version: string;
  /** Debian's name of it, e.g. `amd64`. */
  readonly architecture: string;
  readonly maintainer: string;
}

/** An epoch, so that no update of Debian's Python packages, which have our names, takes their place unasked. */
export const EPOCH = "1:";

/** @param synopsis its first line @param what the last paragraph */
const description = (synopsis: string, what: string): string => `${synopsis}
 The agents of OpenStack's instance high availability (Masakari) detect the
 failure of guests, hosts and services, and notify masakari-api, which then
 recovers the guests. They read the configuration of the Python monitors, whose
 packages they replace, and need no Python.
 .
 ${what}`;

function control(fields: Readonly<Record<string, readonly string[] | string | undefined>>): string {
  const lines = Object.entries(fields).flatMap(([name, value]) => {
    const text = typeof value === "string" ? value : value?.join(", ");
    return text ? [`${name}: ${text}`] : [];
  });
  return `${lines.join("\n")}\n`;
}

/** @param size KiB that it takes when installed */
export function commonControl({ version, architecture, maintainer }: Release, size: number): string {
  return control({
    Package: COMMON,
    Source: "masakari-monitors",
    Version: version,
    Architecture: architecture,
    Maintainer: maintainer,
    "Installed-Size": String(size),
    // What Node is linked with. Sysusers, and `systemctl` in the scripts of the monitors.
    Depends: ["libc6 (>= 2.28)", "libgcc-s1 (>= 3.4)", "libstdc++6 (>= 6)", "systemd (>= 247)"],
    Suggests: ["bash-completion", "logrotate", "man-db"],
    // It has the programs of the same names.
    Conflicts: ["python3-masakari-monitors"],
    Replaces: ["python3-masakari-monitors"],
    Section: "net",
    Priority: "optional",
    Description: description(
      "OpenStack instance high availability - programs of the monitors",
      "This package contains the programs, Node.js to run them, and the manual.",
    ),
  });
}

export function serviceControl(release: Release, service: ServicePackage, size: number): string {
  return control({
    Package: service.name,
    Source: "masakari-monitors",
    Version: release.version,
    Architecture: "all",
    Maintainer: release.maintainer,
    "Installed-Size": String(size),
    Depends: [`${COMMON} (= ${release.version})`, "init-system-helpers (>= 1.54~)", ...(service.depends ?? [])],
    Recommends: service.recommends,
    Suggests: service.suggests,
    Section: "net",
    Priority: "optional",
    Description: description(`OpenStack instance high availability - ${service.title}`, service.what),
  });
}
