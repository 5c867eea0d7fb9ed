import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { originOf } from "../../../src/config/origin.ts";
import { configRoot } from "../../support/config-root.ts";
import { defaultConfig } from "../../support/default-config.ts";
import { linesFor, linesOf, load } from "../../support/load-config.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/config/${name}`, import.meta.url));

test("the example configuration is read without a warning, and its domain_name is the domain of user and project", () => {
  using at = configRoot();
  const loaded = load(at, { configFiles: [fixture("masakarimonitors.conf")] });
  assert.deepEqual(
    loaded.diagnostics.filter(({ severity }) => severity !== "info"),
    [],
  );
  const { api, host, introspectiveinstancemonitor } = loaded.config;
  assert.equal(api.user_domain_name, "Default");
  assert.equal(api.project_domain_name, "Default");
  assert.equal(api.domain_name, undefined);
  assert.equal(api.api_interface, "admin");
  assert.deepEqual(host.corosync_multicast_ports, [5405]);
  assert.equal(
    introspectiveinstancemonitor.qemu_guest_agent_sock_path,
    String.raw`/var/lib/libvirt/qemu/domain-\w+-instance-\w+/\w+.sock`,
  );
  assert.equal(originOf(loaded.origins, "api", "user_domain_name").kind, "file");
});

test("domain_name stays a scope when there is no project_name, and is left alone when a domain is given", () => {
  using at = configRoot({
    "scope.conf": "[api]\ndomain_name = D\n",
    "given.conf": "[api]\ndomain_name = D\nproject_name = p\nuser_domain_name = U\n",
  });
  const scope = load(at, { configFiles: [at.path("scope.conf")] }).config.api;
  assert.deepEqual([scope.domain_name, scope.user_domain_name], ["D", undefined]);
  const given = load(at, { configFiles: [at.path("given.conf")] }).config.api;
  assert.deepEqual([given.domain_name, given.user_domain_name, given.project_domain_name], ["D", "U", undefined]);
});

test("without any file everything is at its default, and a diagnostic reports that there is none", () => {
  using at = configRoot();
  const loaded = load(at);
  assert.deepEqual(loaded.files, []);
  assert.deepEqual(linesOf(loaded, at), [
    "info: there is no configuration file: neither masakarimonitors.conf nor masakari-processmonitor.conf is in " +
      "/home/.masakarimonitors, /home, /etc/masakarimonitors, /etc",
  ]);
  assert.deepEqual(loaded.config, defaultConfig());
  assert.equal(loaded.config.DEFAULT.hostname, hostname());
  assert.equal(loaded.config.process.settle, 1);
  assert.equal(loaded.config.api.timeout, 30);
});

test("a directory that this user may not search is reported as such, instead of passing for empty", () => {
  using at = configRoot({ "etc/masakarimonitors/masakarimonitors.conf": "" });
  chmodSync(at.path("etc/masakarimonitors"), 0o600);
  const script = `
    import { loadConfig } from ${JSON.stringify(import.meta.resolve("../../../src/config/load.ts"))};
    const options = { program: "p", env: {}, homeDir: "/nonexistent", root: ${JSON.stringify(at.root)} };
    console.log(loadConfig(options).diagnostics[0].message);`;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  // Root may search everything, unless it gives that up.
  const asRoot = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
  const [command = "", ...args] = [...asRoot, ...node];
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  chmodSync(at.path("etc/masakarimonitors"), 0o700);
  assert.match(stdout, /\/etc\/masakarimonitors \(permission denied\), \S+\/etc\n$/, stderr);
});

test("of each usual file the first directory counts, then the .conf.d directories, in oslo.config's order", () => {
  using at = configRoot({
    "home/.masakarimonitors/masakarimonitors.conf": "[process]\ncheck_interval = 11\nrestart_retries = 1\n",
    "etc/masakarimonitors/masakarimonitors.conf": "[process]\ncheck_interval = 12\n",
    "etc/masakari-processmonitor.conf": "[process]\nrestart_retries = 2\nrestart_interval = 2\n",
    "etc/masakarimonitors/masakarimonitors.conf.d/b.conf": "[process]\napi_retry_max = 3\n",
    "etc/masakarimonitors/masakarimonitors.conf.d/B.conf": "[process]\nrestart_interval = 3\napi_retry_max = 4\n",
    "etc/masakarimonitors/masakarimonitors.conf.d/.hidden.conf": "[process]\napi_retry_max = 5\n",
    "etc/masakarimonitors/masakarimonitors.conf.d/readme.txt": "no configuration",
  });
  const loaded = load(at);
  assert.deepEqual(
    loaded.files.map((file) => file.replace(at.root, "")),
    [
      "/home/.masakarimonitors/masakarimonitors.conf",
      "/etc/masakari-processmonitor.conf",
      "/etc/masakarimonitors/masakarimonitors.conf.d/B.conf",
      "/etc/masakarimonitors/masakarimonitors.conf.d/b.conf",
    ],
  );
  const { check_interval, restart_retries, restart_interval, api_retry_max } = loaded.config.process;
  assert.deepEqual([check_interval, restart_retries, restart_interval, api_retry_max], [11, 2, 3, 3]);
});

test("--config-file replaces the usual files but not the usual directories; --config-dir comes last", () => {
  using at = configRoot({
    "etc/masakarimonitors/masakarimonitors.conf": "[process]\ncheck_interval = 1\n",
    "etc/masakarimonitors/masakarimonitors.conf.d/a.conf": "[process]\ncheck_interval = 2\nrestart_retries = 2\n",
    "one.conf": "[process]\ncheck_interval = 3\n",
    "two.conf": "[process]\ncheck_interval = 4\n",
    "dir/z.conf": "[process]\ncheck_interval = 5\n",
  });
  const files = load(at, { configFiles: [at.path("one.conf"), at.path("two.conf")] });
  assert.deepEqual([files.config.process.check_interval, files.config.process.restart_retries], [4, 2]);
  const both = load(at, { configFiles: [at.path("one.conf")], configDirs: [at.path("dir")] });
  assert.deepEqual([both.config.process.check_interval, both.config.process.restart_retries], [5, 3]);
});

test("~ in --config-file is the home directory", () => {
  using at = configRoot({ "home/my.conf": "[process]\ncheck_interval = 9\n" });
  assert.equal(load(at, { configFiles: ["~/my.conf"] }).config.process.check_interval, 9);
});

test("a named file or directory that cannot be read is an error", () => {
  using at = configRoot({ "pipe.conf": "", "latin1.conf": new Uint8Array([91, 97, 93, 10, 120, 61, 228, 10]) });
  mkdirSync(at.path("dir.conf"));
  const loaded = load(at, {
    configFiles: [at.path("none.conf"), at.path("dir.conf"), at.path("latin1.conf")],
    configDirs: [at.path("none.d")],
  });
  assert.deepEqual(linesOf(loaded, at), [
    "/none.conf: error: the configuration file does not exist",
    "/dir.conf: error: the configuration file is a directory, not a file",
    "/latin1.conf:2: error: the configuration file is not UTF-8 text",
    "/none.d: error: the configuration directory does not exist",
  ]);
});

test("a usual file that is there but cannot be read is an error and not passed over", () => {
  using at = configRoot();
  mkdirSync(at.path("etc/masakarimonitors/masakarimonitors.conf"), { recursive: true });
  assert.deepEqual(linesOf(load(at), at), [
    "/etc/masakarimonitors/masakarimonitors.conf: error: the configuration file is a directory, not a file",
  ]);
});

test("/dev/null is an empty configuration", () => {
  using at = configRoot({ "etc/masakarimonitors/masakarimonitors.conf": "[process]\ncheck_interval = 1\n" });
  const loaded = load(at, { configFiles: ["/dev/null"] });
  assert.deepEqual([loaded.diagnostics, loaded.config.process.check_interval], [[], 5]);
});

test("a NUL byte and a file that is too large are errors", () => {
  using at = configRoot({ "nul.conf": "[api]\n\nx\0\n", "large.conf": "#".repeat(1024 * 1024 + 1) });
  assert.deepEqual(linesOf(load(at, { configFiles: [at.path("nul.conf"), at.path("large.conf")] }), at), [
    "/nul.conf:3: error: the configuration file holds a NUL byte; it is not a text file",
    "/large.conf: error: the configuration file is larger than 1024 KiB; that is not a configuration file",
  ]);
});

test("environment variables override files; one that names no option of a section is a warning", () => {
  using at = configRoot({ "x.conf": "[process]\ncheck_interval = 7\n" });
  const env = { OS_PROCESS__CHECK_INTERVAL: "8", OS_PROCESS__SETLE: "1", OS_NOVA__X: "1", OS_AUTH_URL: "x" };
  const loaded = load(at, { configFiles: [at.path("x.conf")], env });
  assert.equal(loaded.config.process.check_interval, 8);
  assert.deepEqual(linesOf(loaded, at), [
    "warning: the environment variable OS_PROCESS__SETLE names no option of [process]; it is ignored; did you mean OS_PROCESS__SETTLE?",
  ]);
});

test("the command line overrides everything, dashes or not; what it sets must exist", () => {
  using at = configRoot({ "etc/masakarimonitors.conf": "" });
  const overrides = { debug: true, "log-file": "/x.log", "process.check_interval": 3, "default-log-levels": "a=INFO" };
  const loaded = load(at, { overrides, env: { OS_DEFAULT__DEBUG: "false" } });
  const { DEFAULT, process: section } = loaded.config;
  assert.deepEqual([DEFAULT.debug, DEFAULT.log_file, section.check_interval], [true, "/x.log", 3]);
  assert.deepEqual(linesOf(load(at, { overrides: { debgu: true } }), at), [
    "error: the command line sets debgu, which is not an option; did you mean debug?",
  ]);
});

test("auth_section moves the login to another service's section, whose other options are not ours to check", () => {
  using at = configRoot({
    "x.conf":
      "[api]\nauth_section = keystone_authtoken\nregion = R\nusername = ignored\n[keystone_authtoken]\nusername = u\npassword = p\nmemcached_servers = m\n",
  });
  const loaded = load(at, { configFiles: [at.path("x.conf")], env: { OS_KEYSTONE_AUTHTOKEN__AUTH_URL: "http://k" } });
  const { region, username, password, auth_url, auth_type } = loaded.config.api;
  assert.deepEqual([region, username, password, auth_url, auth_type], ["R", "u", "p", "http://k", "password"]);
  assert.deepEqual(loaded.diagnostics, []);
});

test("a host name that masakari-api refuses is an error", () => {
  assert.match(
    linesFor("[DEFAULT]\nhostname = compute 1\n")[0] ?? "",
    /x\.conf:2: error: \[DEFAULT\] hostname must be/,
  );
});

test("the shell generation's files are read when there is no other, with a line about that", () => {
  using at = configRoot({
    "etc/masakari/processmonitor.conf": "PROCESS_CHECK_INTERVAL=7\nADMIN_PASS='a$b\"c'\n",
    "etc/masakari/hostmonitor.conf": "MONITOR_INTERVAL=30\n",
  });
  const process = load(at);
  assert.equal(process.config.process.check_interval, 7);
  assert.equal(process.config.api.password, 'a$b"c');
  assert.equal(process.config.host.monitoring_interval, 60);
  assert.deepEqual(linesOf(process, at), [
    "/etc/masakari/processmonitor.conf: info: there is no masakarimonitors.conf, so this file of the shell generation is read; masakari-monitors migrate-config converts it",
  ]);
  assert.equal(load(at, { program: "masakari-hostmonitor" }).config.host.monitoring_interval, 30);
  assert.equal(load(at, { configFiles: ["/dev/null"] }).config.process.check_interval, 5);
});

test("the shell generation's files are not looked at when there is a new one", () => {
  using at = configRoot({
    "etc/masakarimonitors/processmonitor.conf": "PROCESS_CHECK_INTERVAL=7\n",
    "etc/masakarimonitors/masakarimonitors.conf": "",
  });
  assert.deepEqual([load(at).config.process.check_interval, load(at).diagnostics], [5, []]);
});
