import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CheckedFinding } from "../../src/cli/doctor/finding.ts";
import { describeWithCluster } from "./pacemaker/suite.ts";

const of = (findings: readonly CheckedFinding[], check: string, level: string): readonly string[] =>
  findings.flatMap((one) => (one.check === check && one.level === level ? [one.what] : []));

await describeWithCluster("doctor in a real cluster", { members: 2, remotes: 1, fencing: true }, (cluster) => {
  const examine = async (): Promise<readonly CheckedFinding[]> => {
    const node = cluster().node("node1");
    const file = join(node.folder, "doctor.conf");
    writeFileSync(file, "[DEFAULT]\nhostname = node1\n[host]\nipmi_timeout = 12\n");
    const words = ["/run/checkout/bin/masakari-monitors", "doctor", "--monitor", "hostmonitor", "-f", "json"];
    const { output } = await node.run([...words, "--config-file", file]);
    assert.doesNotMatch(output, /s3cret/, "the password of the BMCs");
    return (JSON.parse(output) as { readonly findings: readonly CheckedFinding[] }).findings;
  };

  test("the cluster as it is, and each BMC by the password that the cluster has for it", async () => {
    const findings = await examine();
    assert.deepEqual(of(findings, "cluster", "ok"), ["Pacemaker answers: 3 watched hosts, 3 online"]);
    assert.match(of(findings, "cluster", "warning").join(), /concurrent-fencing is not true/);
    assert.equal(of(findings, "fencing", "ok").length, 3, JSON.stringify(findings));
    assert.deepEqual(of(findings, "tools", "problem"), []);
  });

  test("a BMC that does not answer is a problem of its host, and hides no other", async () => {
    cluster().bmc("node2").setMode("silent");
    const findings = await examine();
    assert.equal(of(findings, "fencing", "ok").length, 2);
    assert.match(of(findings, "fencing", "problem").join(), /^node2: BMC .* did not/);
  });
});
