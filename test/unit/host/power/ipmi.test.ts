import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { inspect } from "node:util";
import { type IpmiDevice, Secret } from "../../../../src/host/fencing-device.ts";
import { checkIpmiPower } from "../../../../src/host/power/ipmi.ts";
import type { Clock } from "../../../../src/system/clock.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";
import { captured } from "../pacemaker/captures.ts";

let folder = "";
const path = process.env.PATH;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ipmi-"));
  process.env.PATH = `${folder}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

const device: IpmiDevice = {
  protocol: "ipmi",
  id: "st-node3",
  address: "198.18.77.113",
  user: "admin",
  password: { from: "value", value: new Secret("s3cret") },
  interface: "lanplus",
};

/** In ipmitool's place: what the real one printed, and a record of how it was called. */
function ipmitoolPrints(stdout: string, stderr: string, code: number): void {
  writeFileSync(join(folder, "out"), stdout);
  writeFileSync(join(folder, "err"), stderr);
  const record = `printf '%s\\n' "$*" >${folder}/argv; printf '%s' "$IPMI_PASSWORD" >${folder}/password`;
  const script = `#!/bin/sh\n${record}\ncat ${folder}/out; cat ${folder}/err >&2; exit ${code}\n`;
  writeFileSync(join(folder, "ipmitool"), script);
  chmodSync(join(folder, "ipmitool"), 0o755);
}

const check = (one = device, parts: { clock: Clock; timeoutMs: number } = { clock: systemClock, timeoutMs: 60_000 }) =>
  checkIpmiPower(one, parts, AbortSignal.timeout(60_000));

/** By ipmitool 1.8.19: exit code, and what it means. */
const outputs: readonly (readonly [name: string, code: number, power: string])[] = [
  ["power-off", 0, "off"],
  ["power-on", 0, "on"],
  ["no-cipher-suites-reply", 0, "on"],
  ["wrong-password", 1, "unknown"],
  ["wrong-user", 1, "unknown"],
  ["no-such-address", 1, "unknown"],
  ["no-such-name", 1, "unknown"],
  ["bad-interface", 1, "unknown"],
];

const orEmpty = (read: () => string): string => {
  try {
    return read();
  } catch {
    return "";
  }
};

for (const [name, code, power] of outputs) {
  test(`ipmitool 1.8.19, ${name}: the power is ${power}`, async () => {
    const [out, err] = ["out", "err"].map((end) => orEmpty(() => captured(`ipmitool-1.8.19/${name}.${end}`)));
    ipmitoolPrints(out ?? "", err ?? "", code);
    const result = await check();
    assert.equal(result.power, power);
    assert.match(result.reason, /198\.18\.77\.113/);
  });
}

test("an output with a bad exit code proves nothing", async () => {
  ipmitoolPrints("Chassis Power is off\n", "", 1);
  assert.equal((await check()).power, "unknown");
});

test("the password goes by the environment, and is in no argument, reason or dump", async () => {
  ipmitoolPrints("garbage\n", "", 0);
  const result = await check({ ...device, port: 6230, target: "0x82", auth: "md5", privilege: "operator", cipher: 3 });
  assert.equal(readFileSync(join(folder, "password"), "utf8"), "s3cret");
  const argv = readFileSync(join(folder, "argv"), "utf8").trim();
  assert.equal(
    argv,
    "-I lanplus -H 198.18.77.113 -p 6230 -t 0x82 -U admin -A md5 -E -L operator -C 3 chassis power status",
  );
  for (const text of [argv, result.reason, JSON.stringify(device), inspect(device, { depth: 9, showHidden: true })]) {
    assert.doesNotMatch(text, /s3cret/);
  }
});

test("a password from a file is its first line, one from a script what it prints", async () => {
  ipmitoolPrints("Chassis Power is off\n", "", 0);
  const file = join(folder, "secret");
  writeFileSync(file, "from file\nmore\n");
  await check({ ...device, password: { from: "file", path: file } });
  assert.equal(readFileSync(join(folder, "password"), "utf8"), "from file");
  const script = join(folder, "give-password");
  writeFileSync(script, "#!/bin/sh\necho from-script\n");
  chmodSync(script, 0o755);
  await check({ ...device, password: { from: "script", path: script } });
  assert.equal(readFileSync(join(folder, "password"), "utf8"), "from-script");
});

test("a password that cannot be had, and a missing ipmitool: unknown, with the reason", async () => {
  const unavailable = await check({ ...device, password: { from: "unavailable", reason: "it is a cibsecret" } });
  assert.deepEqual(unavailable.power, "unknown");
  assert.match(unavailable.reason, /cibsecret/);
  const missing = await check({ ...device, password: { from: "file", path: join(folder, "none") } });
  assert.match(missing.reason, /ENOENT/);
});

test("a BMC that does not answer costs the time limit and delays no other", async () => {
  ipmitoolPrints("Chassis Power is off\n", "", 0);
  const quick = readFileSync(join(folder, "ipmitool"), "utf8");
  writeFileSync(
    join(folder, "ipmitool"),
    quick.replace("#!/bin/sh\n", '#!/bin/sh\ncase "$*" in *silent*) exec sleep 60 ;; esac\n'),
  );
  const clock = new VirtualClock();
  const silent = check({ ...device, address: "silent" }, { clock, timeoutMs: 2000 });
  const first = await Promise.race([silent.then(() => "silent"), check().then(({ power }) => power)]);
  assert.equal(first, "off");
  await clock.advance(2000);
  assert.deepEqual((await silent).power, "unknown");
  assert.match((await silent).reason, /silent \(st-node3\): ipmitool did not end within 2 s/);
});
