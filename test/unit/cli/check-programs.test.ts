import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPrograms } from "../../../src/cli/check-programs.ts";
import { describeDiagnostic, hasError } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { forPrograms } from "../../../src/config/readers.ts";
import { parseUri } from "../../../src/libvirt/mod.ts";
import { Certificates } from "../../support/certificates.ts";
import { configRoot } from "../../support/config-root.ts";

const login = "[api]\nauth_type = none\nendpoint = http://m/v1\n";

async function check(text: string, programs: readonly string[]) {
  using at = configRoot({ "x.conf": text });
  const loaded = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] });
  const found = await checkPrograms(loaded, programs);
  return {
    found,
    lines: found.map((one) => describeDiagnostic(one).replace(`${at.root}/`, "")),
    config: loaded.config,
  };
}

const uris = [
  "qemu:///system",
  "qemu+tcp://[fd00::7]/system",
  "qemu+tls://compute-1/system?no_verify=1",
  "",
  "qemu+ssh://root@h/system",
  "qemu+tcp://fd00::7/system",
  "qemu:///system # local",
  "qemu:///system // local",
  "nonsense",
  "qemu:///system?no_verify=x",
];

test("check-config refuses the libvirt URIs that the monitors would refuse, at their line, and no other", async () => {
  for (const uri of uris) {
    const { found, lines, config } = await check(`${login}[libvirt]\nconnection_uri = ${uri}\n`, ["instancemonitor"]);
    let refused = false;
    try {
      parseUri(config.libvirt.connection_uri);
    } catch {
      refused = true;
    }
    assert.equal(hasError(found), refused, `${uri}: ${lines.join()}`);
    if (refused) assert.match(lines.join("\n"), /^x\.conf:5: error: \[libvirt\] connection_uri: /, uri);
  }
});

test("an empty connection_uri is the default; a comment behind one is named as such", async () => {
  assert.equal(
    (await check(`${login}[libvirt]\nconnection_uri =\n`, [])).config.libvirt.connection_uri,
    "qemu:///system",
  );
  const { lines } = await check(`${login}[libvirt]\nconnection_uri = qemu:///system   # local\n`, []);
  assert.match(lines.join(), /a comment needs a line of its own/);
});

test("a secret in a libvirt URI is not shown when the URI is refused", async () => {
  const text = `[api]\npassword = Sesam\nauth_type = none\nendpoint = http://m\n[libvirt]\nconnection_uri = $api.password\n`;
  const { lines } = await check(text, []);
  assert.deepEqual(lines, ["x.conf:6: error: [libvirt] connection_uri: $api.password leads to no libvirt URI"]);
});

test("a bad libvirt URI stops the monitors of guests, and only them", async () => {
  const { found } = await check(`${login}[libvirt]\nconnection_uri = nonsense\n`, ["processmonitor"]);
  assert.equal(hasError(forPrograms(found, ["instancemonitor"])), true);
  assert.equal(hasError(forPrograms(found, ["introspectiveinstancemonitor"])), true);
  const own = forPrograms(found, ["processmonitor"]).filter(({ section }) => section === "libvirt");
  assert.deepEqual(
    own.map(({ severity }) => severity),
    ["warning"],
  );
});

test("certificates that the session would refuse are refused beforehand", async () => {
  using certificates = new Certificates();
  const { cert, key } = certificates.issue("client", "IP:127.0.0.1");
  const bad = certificates.write("no.pem", "no certificate\n");
  const of = async (lines: string): Promise<string[]> =>
    (await check(`[api]\nauth_type = none\nendpoint = https://m/v1\n${lines}`, [])).lines;
  assert.deepEqual(await of(`cafile = ${certificates.ca}\ncertfile = ${cert}\nkeyfile = ${key}\n`), []);
  assert.match((await of(`cafile = ${bad}\n`)).join(), /^x\.conf:4: error: \[api\] cafile .* contains no PEM/);
  assert.match(
    (await of(`certfile = ${cert}\nkeyfile = ${bad}\n`)).join(),
    /^x\.conf:5: error: \[api\] keyfile .* no PEM/,
  );
});
