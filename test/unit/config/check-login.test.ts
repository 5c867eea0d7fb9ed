import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { checkLogin } from "../../../src/config/check-login.ts";
import { describeDiagnostic, hasError } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { createAuthPlugin } from "../../../src/openstack/auth/plugins.ts";
import { configRoot } from "../../support/config-root.ts";
import { assertAsyncProperty } from "../../support/seeds.ts";

test("what is missing is reported at the line of [api], and where there is no file at all, that there is none", () => {
  using at = configRoot({ "x.conf": "[DEFAULT]\n\n[api]\nusername = u\n" });
  const place = { program: "masakari-processmonitor", env: {}, homeDir: at.homeDir, root: at.root };
  const loaded = loadConfig({ ...place, configFiles: [at.path("x.conf")] });
  const lines = checkLogin(loaded).map(describeDiagnostic);
  assert.ok(lines.includes(`${at.path("x.conf")}:3: error: [api] auth_url is missing; auth_type = password needs it`));
  const diagnostics = loadConfig(place).diagnostics.map(describeDiagnostic).join();
  assert.match(
    diagnostics,
    /^info: there is no configuration file: neither masakarimonitors\.conf nor masakari-processmonitor\.conf is in .*\/etc\/masakarimonitors, /,
  );
});

test("what is in a file that cannot be read, or refers to nothing, is not called missing", () => {
  using at = configRoot({
    "x.conf": "[api]\nauth_url = http://k\nusername = u\npassword = pa$word\ndomain_name = d\n",
  });
  mkdirSync(at.path("unreadable.conf"));
  const place = { program: "masakari-processmonitor", env: {}, homeDir: at.homeDir, root: at.root };
  for (const file of ["unreadable.conf", "none.conf"]) {
    const loaded = loadConfig({ ...place, configFiles: [at.path(file)] });
    assert.equal(hasError(loaded.diagnostics), true);
    assert.deepEqual(checkLogin(loaded), []);
  }
  const lines = checkLogin(loadConfig({ ...place, configFiles: [at.path("x.conf")] })).map(describeDiagnostic);
  assert.doesNotMatch(lines.join(), /password is missing/);
});

test("check-config finds every login that the program would refuse to start with", async () => {
  const types = [
    "password",
    "v3password",
    "token",
    "v3token",
    "v3applicationcredential",
    "none",
    "admin_token",
    "http_basic",
  ];
  const lines =
    `auth_url = http://k/v3|username = u|user_id = i|password = p|user_domain_name = D|default_domain_id = d|
    project_name = P|project_id = I|project_domain_name = E|domain_name = F|system_scope = all|system_scope = x|trust_id = t|
    token = k|application_credential_id = a|application_credential_name = n|application_credential_secret = s|
    endpoint = http://e/v1|password =`.split("|");
  using at = configRoot({});
  const property = fc.asyncProperty(fc.constantFrom(...types), fc.subarray(lines), async (type, chosen) => {
    writeFileSync(at.path("x.conf"), `[api]\nauth_type = ${type}\n${chosen.map((line) => line.trim()).join("\n")}\n`);
    const loaded = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] });
    const refused = await createAuthPlugin(loaded.config.api).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (refused !== undefined) assert.ok(hasError(checkLogin(loaded)), refused);
  });
  await assertAsyncProperty(property, { numRuns: 600 });
});
