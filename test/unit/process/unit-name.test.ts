import assert from "node:assert/strict";
import { test } from "node:test";
import { unitOf } from "../../../src/process/unit-name.ts";
import { serviceIn } from "../../../src/system/service-of-process.ts";
import { entryNamed } from "../../support/process-entries.ts";

test("the unit that an entry's commands name", () => {
  const cases: readonly [string, string | undefined][] = [
    ["systemctl restart nova-compute", "nova-compute.service"],
    ["/usr/bin/systemctl --no-block restart nova-compute.service", "nova-compute.service"],
    ["sudo -n /bin/systemctl try-restart ovs@1.service", "ovs@1.service"],
    ["service nova-compute restart", "nova-compute.service"],
    ["sudo service libvirt-bin start", "libvirt-bin.service"],
    ["systemctl restart libvirtd.socket", "libvirtd.socket"],
    ["systemctl stop nova-compute", undefined],
    ["systemctl daemon-reload", undefined],
    ["systemctl restart $UNIT", undefined],
    ["service nova-compute", undefined],
    ["docker restart nova_compute", undefined],
    ["", undefined],
  ];
  for (const [restart_command, unit] of cases) {
    const entry = entryNamed("p", { restart_command, start_command: "" });
    assert.equal(unitOf(entry, undefined), unit, restart_command);
  }
});

test("the unit that the list gives counts most, then the one that the process was seen in, then start_command's", () => {
  const entry = entryNamed("p", { restart_command: "", start_command: "systemctl start one" });
  assert.equal(unitOf(entry, undefined), "one.service");
  assert.equal(unitOf(entry, "two.service"), "two.service");
  assert.equal(unitOf({ ...entry, systemd_unit: "three.service" }, "two.service"), "three.service");
});

test("the service in a control group's path: cgroup v2 and v1, in containers, not of sessions and users", () => {
  const cases: readonly [string, string | undefined][] = [
    ["0::/system.slice/nova-compute.service\n", "nova-compute.service"],
    ["12:pids:/system.slice/x.service\n1:name=systemd:/system.slice/nova.service\n0::/\n", "nova.service"],
    ["9:name=systemd:/\n0::/system.slice/nova.service\n", "nova.service"],
    ["0::/system.slice/system-ovs.slice/ovs@1.service/worker\n", "ovs@1.service"],
    ["0::/lxc/c1/system.slice/nova.service\n", "nova.service"],
    ["0::/system.slice/containerd.service/kubepods/pod1/c1.scope\n", undefined],
    ["0::/system.slice/docker-0123.scope\n", undefined],
    ["0::/user.slice/user-0.slice/session-1.scope\n", undefined],
    ["0::/user.slice/user-0.slice/user@0.service/app.slice/x.service\n", undefined],
    ["0::/init.scope\n", undefined],
    ["", undefined],
  ];
  for (const [text, unit] of cases) assert.equal(serviceIn(text), unit, text);
});
