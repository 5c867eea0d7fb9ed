import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConfig } from "../../../src/config/check-config.ts";
import { checkLogin } from "../../../src/config/check-login.ts";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { renderEffective } from "../../../src/config/effective.ts";
import { type Loaded, loadConfig } from "../../../src/config/load.ts";
import { renderSample } from "../../../src/config/sample.ts";
import { sections } from "../../../src/config/sections.ts";
import { configRoot } from "../../support/config-root.ts";
import { defaultConfig } from "../../support/default-config.ts";

function load(text: string, env: Record<string, string> = {}): Loaded {
  using at = configRoot({ "x.conf": text });
  return loadConfig({
    program: "masakari-processmonitor",
    env,
    homeDir: at.homeDir,
    root: at.root,
    configFiles: [at.path("x.conf")],
    overrides: { debug: true },
  });
}

test("the sample names every option, and uncommented it is a configuration of defaults", () => {
  const sample = renderSample();
  const uncommented = sample.replace(/^#(?! )/gm, "").replace("<HOSTNAME>", defaultConfig().DEFAULT.hostname);
  const loaded = loadConfig({ program: "x", env: {}, homeDir: "/nonexistent", root: "/nonexistent" });
  using at = configRoot({ "sample.conf": uncommented, "commented.conf": sample });
  const again = loadConfig({ program: "x", env: {}, homeDir: at.homeDir, configFiles: [at.path("sample.conf")] });
  assert.deepEqual(again.diagnostics, []);
  // A multi-valued option cannot have "no value" in a file.
  const withoutMulti = { ...again.config.DEFAULT, config_file: [], config_dir: [] };
  assert.deepEqual({ ...again.config, DEFAULT: withoutMulti }, loaded.config);
  const commented = loadConfig({
    program: "x",
    env: {},
    homeDir: at.homeDir,
    configFiles: [at.path("commented.conf")],
  });
  assert.deepEqual(commented.diagnostics, []);
  const named = [...sample.matchAll(/^#(\w+) =/gm)].length;
  assert.equal(
    named,
    Object.values(sections).reduce((sum, { options }) => sum + Object.keys(options).length, 0),
  );
});

test("the effective configuration shows where each value comes from", () => {
  const shown = renderEffective(load("[process]\ncheck_interval = 7\n", { OS_PROCESS__RESTART_RETRIES: "1" }));
  assert.match(shown, /^# .*\/x\.conf:2\ncheck_interval = 7$/m);
  assert.match(shown, /^# environment OS_PROCESS__RESTART_RETRIES\nrestart_retries = 1$/m);
  assert.match(shown, /^# command line\ndebug = true$/m);
  assert.match(shown, /^# default\nrestart_interval = 5$/m);
  assert.match(shown, /^# default; no effect\nmonkey_patch = false$/m);
});

test("no secret is in the effective configuration, wherever it has got to", () => {
  const text = [
    "[api]",
    "password = Sesam$$1",
    "token = Sesam-2",
    "application_credential_secret = Sesam-3",
    "auth_url = http://$password@keystone:5000",
    "endpoint = http://user:Sesam-4@masakari:15868/v1",
  ].join("\n");
  const shown = renderEffective(load(text));
  assert.doesNotMatch(shown, /Sesam/);
  assert.match(shown, /^password = \*\*\*$/m);
  assert.match(shown, /^auth_url = http:\/\/\$password@keystone:5000$/m);
  assert.match(shown, /^endpoint = http:\/\/user:\*\*\*@masakari:15868\/v1$/m);
  assert.match(renderEffective(load("[api]\npassword = abc\n")), /^password = \*\*\*$/m);
  assert.match(renderEffective(load("[api]\n")), /^password =$/m);
});

test("a secret that is a word of other values is looked for in none of them", () => {
  const text =
    "[DEFAULT]\nlog_dir = /var/log/masakari\n[api]\npassword = masakari\nusername = masakari\ntoken = 5405\n";
  const shown = renderEffective(load(text));
  assert.match(shown, /^state_path = \/var\/lib\/masakarimonitors$/m);
  assert.match(shown, /^log_dir = \/var\/log\/masakari$/m);
  assert.match(shown, /^username = masakari$/m);
  assert.match(shown, /^password = \*\*\*$/m);
});

test("where references bring a secret in, over however many steps, they are shown and not what they stand for", () => {
  const text = [
    "[api]",
    "password = Sesam7",
    `username = \${password}-$auth_type`,
    "region = a$$b-$username",
    "[process]",
    "check_interval = $api.token",
    "restart_interval = $api.password",
    "process_list_path = /etc/$api.region.yaml",
    "[host]",
    "corosync_multicast_interfaces = ens8, $api.password",
  ].join("\n");
  const loaded = load(`${text}\n[api]\ntoken = 7717717\n`);
  const shown = renderEffective(loaded);
  assert.match(shown, /^username = \$\{password\}-password$/m);
  assert.match(shown, /^region = a\$\$b-\$username$/m);
  assert.match(shown, /^check_interval = \$api\.token$/m);
  assert.match(shown, /^corosync_multicast_interfaces = ens8, \$api\.password$/m);
  const lines = loaded.diagnostics.map(describeDiagnostic).join("\n");
  assert.match(lines, /restart_interval cannot be what "\$api\.password" stands for/);
  assert.match(lines, /process_list_path refers to \$api\.region\.yaml, which is not an option/);
  assert.doesNotMatch(shown + lines, /Sesam|7717717/);
  assert.equal(loaded.config.process.check_interval, 7717717);
});

test("what is shown reads back as the same configuration, but for the secrets", () => {
  const text =
    "[DEFAULT]\nhostname = c$$1\nlog_date_format = ' %H '\n[api]\npassword = x\n[host]\ncorosync_multicast_interfaces = a,b\ncorosync_multicast_ports = 1,2\n";
  const loaded = load(text.replace("c$$1", "c1"));
  const again = load(renderEffective(loaded));
  assert.deepEqual({ ...again.config, api: undefined }, { ...loaded.config, api: undefined });
});

const login = (text: string) =>
  checkLogin(load(`[api]\n${text}`)).map(({ severity, message }) => `${severity} ${message}`);

test("a login that cannot work is found without asking a server", () => {
  const complete = "auth_url = http://k\nusername = u\npassword = p\nproject_name = j\ndomain_name = d\n";
  assert.deepEqual(login(complete), []);
  assert.equal(login("").filter((line) => line.startsWith("error")).length, 3);
  assert.deepEqual(login(complete.replace("auth_url = http://k", "auth_url = keystone:5000")), [
    "error [api] auth_url must be a URL that begins with http:// or https://",
  ]);
  assert.deepEqual(login(`${complete}system_scope = all\n`), [
    "error [api] a token can have one scope only, but project_name and system_scope are set",
  ]);
  assert.match(
    login(complete.replace("domain_name = d\n", "")).join("\n"),
    /^error .*user_domain_name.*\nerror .*project_domain_name/,
  );
  assert.match(
    login("auth_type = v3applicationcredential\nauth_url = http://k\napplication_credential_id = i\n").join(),
    /application_credential_secret is missing/,
  );
  assert.deepEqual(login("auth_type = none\nendpoint = http://m/v1\n"), []);
  assert.match(login("auth_type = http_basic\nendpoint = http://m/v1\nusername = u\n").join(), /password is missing/);
});

test("an authority file that cannot be read is an error with https and a warning without", () => {
  const rest = "auth_type = none\ncafile = /nonexistent/ca.pem\nendpoint = ";
  assert.deepEqual(login(`${rest}https://m`), ["error [api] cafile: /nonexistent/ca.pem does not exist"]);
  assert.deepEqual(login(`${rest}http://m`), ["warning [api] cafile: /nonexistent/ca.pem does not exist"]);
});

test("check-config looks at the process list for the process monitor only", async () => {
  using at = configRoot({ "list.yaml": "- process_name: a\n  restart_comand: b\n" });
  const loaded = load(
    `[api]\nauth_type = none\nendpoint = http://m\n[process]\nprocess_list_path = ${at.path("list.yaml")}\n`,
  );
  assert.deepEqual((await checkConfig(loaded, "masakari-processmonitor")).map(describeDiagnostic), [
    `${at.path("list.yaml")}:2: error: there is no key restart_comand; did you mean restart_command?`,
  ]);
  assert.deepEqual(await checkConfig(loaded, "masakari-hostmonitor"), []);
});
