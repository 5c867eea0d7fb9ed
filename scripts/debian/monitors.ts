import type { ServicePackage } from "./control.ts";

/** The monitors as Debian's packages name them, and what differs between their packages. */
export interface MonitorPackage extends ServicePackage {
  readonly program: string;
}

export const COMMON = "masakari-monitors-common";

export const monitorPackages: readonly MonitorPackage[] = [
  {
    name: "masakari-host-monitor",
    program: "masakari-hostmonitor",
    title: "host monitor",
    what: "It detects dead hosts of the cluster, by Pacemaker, Consul or Kubernetes.",
    recommends: ["pacemaker-cli-utils"],
    suggests: ["ipmitool", "tcpdump"],
  },
  {
    name: "masakari-instance-monitor",
    program: "masakari-instancemonitor",
    title: "instance monitor",
    what: "It detects that a guest of this host has died, by libvirt's events.",
    recommends: ["libvirt-daemon-system"],
  },
  {
    name: "masakari-introspective-instance-monitor",
    program: "masakari-introspectiveinstancemonitor",
    title: "introspective instance monitor",
    what: "It detects that a guest of this host hangs, by its QEMU guest agent.",
    recommends: ["libvirt-daemon-system"],
  },
  {
    name: "masakari-process-monitor",
    program: "masakari-processmonitor",
    title: "process monitor",
    what: "It restarts services of this host that die, and reports what stays down.",
    // With rules in JavaScript: polkitd is the package since 121.
    depends: ["default-dbus-system-bus | dbus-system-bus", "polkitd"],
  },
];
