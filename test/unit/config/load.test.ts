import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { defaultConfig, type Loaded, type LoadOptions, loadConfig } from "../../../src/config/load.ts";
import { originOf } from "../../../src/config/origin.ts";
import { type ConfigRoot, configRoot } from "../../support/config-root.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/config/${name}`, import.meta.url));

function load(at: ConfigRoot, options: Partial<LoadOptions> = {}): Loaded {
  return loadConfig({ program: "masakari-processmonitor", env: {}, homeDir: at.homeDir, root: at.root, ...options });
}

/** What is wrong, as lines without the temporary directory. */
const said = (loaded: Loaded, at: ConfigRoot): string[] =>
  loaded.diagnostics.map((one) => describeDiagnostic(one).replaceAll(at.root, ""));

/** The lines for one file with this text. */
function saidOf(text: string): string[] {
  using at = configRoot({ "x.conf": text });
  return said(load(at, { configFiles: [at.path("x.conf")] }), at);
}

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

test("without any file everything is at its default, and it is said that there is none", () => {
  using at = configRoot();
  const loaded = load(at);
  assert.deepEqual(loaded.files, []);
  assert.deepEqual(said(loaded, at), [
    "info: there is no configuration file: neither masakarimonitors.conf nor masakari-processmonitor.conf is in " +
      "/home/.masakarimonitors, /home, /etc/masakarimonitors, /etc",
  ]);
  assert.deepEqual(loaded.config, defaultConfig());
  assert.equal(loaded.config.DEFAULT.hostname, hostname());
  assert.equal(loaded.config.process.settle, 1);
  assert.equal(loaded.config.api.timeout, 30);
});

test("a directory that this user may not search is said to be one, instead of passing for empty", () => {
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
  assert.deepEqual(said(loaded, at), [
    "/none.conf: error: the configuration file does not exist",
    "/dir.conf: error: the configuration file is a directory, not a file",
    "/latin1.conf:2: error: the configuration file is not UTF-8 text",
    "/none.d: error: the configuration directory does not exist",
  ]);
});

test("a usual file that is there but cannot be read is an error and not passed over", () => {
  using at = configRoot();
  mkdirSync(at.path("etc/masakarimonitors/masakarimonitors.conf"), { recursive: true });
  assert.deepEqual(said(load(at), at), [
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
  assert.deepEqual(said(load(at, { configFiles: [at.path("nul.conf"), at.path("large.conf")] }), at), [
    "/nul.conf:3: error: the configuration file holds a NUL byte; it is not a text file",
    "/large.conf: error: the configuration file is larger than 1024 KiB; that is no configuration file",
  ]);
});

test("every bad line is reported, and none is quoted, because it may be half of a password", () => {
  const lines = saidOf("secret0\n[api\nsecret1 = x\n[api]\npassword = secret2\n\n secret3\nsecret4\n= secret5\n[]\n");
  assert.deepEqual(
    lines.map((line) => line.replace(/: error: .*/, "")),
    ["/x.conf:1", "/x.conf:2", "/x.conf:3", "/x.conf:7", "/x.conf:8", "/x.conf:9", "/x.conf:10"],
  );
  assert.doesNotMatch(lines.join("\n"), /secret/);
});

test("unknown names are warnings that say what may be meant", () => {
  assert.deepEqual(
    saidOf(
      "[process]\nchek_interval = 5\nmonitoring_driver = x\nxyzzy = 1\n[proces]\ncheck_interval = 5\n[default]\ndebug = true\n",
    ),
    [
      "/x.conf:2: warning: [process] has no option chek_interval; it is ignored; did you mean check_interval?",
      "/x.conf:3: warning: [process] has no option monitoring_driver; it is ignored; it is an option of [host]",
      "/x.conf:4: warning: [process] has no option xyzzy; it is ignored",
      "/x.conf:5: warning: there is no section [proces]; it is ignored; did you mean process?",
      "/x.conf:7: warning: there is no section [default]; it is ignored; did you mean DEFAULT?",
    ],
  );
});

test("the misspellings that public deployment tools ship are read as what they mean, with a warning", () => {
  using at = configRoot({
    "x.conf":
      "[host]\ndisable_ipmi_checks = true\n[introspectiveinstancemonitor]\nguest_monitor_interval = 12\nguest_monitor_timeout = 4\n",
  });
  const loaded = load(at, { configFiles: [at.path("x.conf")] });
  const { host, introspectiveinstancemonitor: guests } = loaded.config;
  assert.deepEqual(
    [host.disable_ipmi_check, guests.guest_monitoring_interval, guests.guest_monitoring_timeout],
    [true, 12, 4],
  );
  assert.deepEqual(
    loaded.diagnostics.map(({ severity, line }) => [severity, line]),
    [
      ["warning", 2],
      ["warning", 4],
      ["warning", 5],
    ],
  );
  assert.match(loaded.diagnostics[0]?.message ?? "", /misspelling of disable_ipmi_check/);
});

test("old names are read, with a warning", () => {
  using at = configRoot({
    "x.conf":
      "[DEFAULT]\nhost = compute-1\nlogfile = /x\n[api]\ntenant-name = t\nuser-name = u\nauth_plugin = v3password\n",
  });
  const loaded = load(at, { configFiles: [at.path("x.conf")] });
  const { DEFAULT, api } = loaded.config;
  assert.deepEqual(
    [DEFAULT.hostname, DEFAULT.log_file, api.project_name, api.username, api.auth_type],
    ["compute-1", "/x", "t", "u", "v3password"],
  );
  assert.equal(loaded.diagnostics.filter(({ message }) => message.includes("is an old name")).length, 5);
});

test("an option that is set twice in a file is a warning", () => {
  assert.deepEqual(saidOf("[process]\ncheck_interval = 5\n[host]\n[Process]\ncheck_interval = 6\n"), [
    "/x.conf:5: warning: [Process] check_interval is set on line 2 already; this later value counts",
  ]);
});

test("bad values are errors with their line: type, range, choice, list of ports", () => {
  const text =
    "[process]\ncheck_interval = 0\nsettle = soon\n[host]\nmonitoring_driver = etcd\ncorosync_multicast_ports = 70000\n";
  assert.deepEqual(saidOf(text), [
    "/x.conf:2: error: [process] check_interval must be at least 1, not 0",
    '/x.conf:3: error: [process] settle must be a number, not "soon"',
    '/x.conf:5: error: [host] monitoring_driver must be one of default, simple, consul, kubernetes, not "etcd"',
    "/x.conf:6: error: [host] corosync_multicast_ports must be a list of ports: one must be at most 65535, not 70000",
  ]);
});

test("an interface of Corosync without its port is a warning, where Corosync is talked", () => {
  const text = "[host]\ncorosync_multicast_interfaces = a\n";
  assert.match(saidOf(text)[0] ?? "", /:2: warning: .* has 1 and .* 0 items/);
  assert.match(saidOf(`${text}monitoring_driver = simple\n`)[0] ?? "", /:2: warning: /);
  assert.deepEqual(saidOf(`${text}pacemaker_node_type = remote\n`), []);
  assert.deepEqual(saidOf(`${text}monitoring_driver = consul\n`), []);
});

test("a key with dashes does not count, as for oslo.config, and that is said; old names that have dashes do", () => {
  using at = configRoot({
    "x.conf": "[process]\nrestart-retries = 0\n[api]\ntenant-name = t\n[DEFAULT]\nlog-config = x\n",
  });
  const loaded = load(at, { configFiles: [at.path("x.conf")] });
  assert.equal(loaded.config.process.restart_retries, 3);
  assert.equal(loaded.config.api.project_name, "t");
  assert.equal(
    said(loaded, at)[0],
    "/x.conf:2: warning: [process] restart-retries is ignored, as oslo.config does: in a file the name has underscores; write restart_retries",
  );
});

test("a name that is near no other is given no other", () => {
  const suggestion = (section: string, name: string): string | undefined =>
    /did you mean (\S+)\?/.exec(saidOf(`[${section}]\n${name} = x\n`)[0] ?? "")?.[1];
  assert.equal(suggestion("api", "region_name"), "region");
  assert.equal(suggestion("api", "interface"), "api_interface");
  assert.equal(suggestion("api", "auth_uri"), "auth_url");
  assert.equal(suggestion("api", "endpoint_override"), "endpoint");
  assert.equal(suggestion("api", "user_nmae"), "username");
  assert.equal(suggestion("host", "monitor_interval"), "monitoring_interval");
  assert.equal(suggestion("process", "restart_retry"), undefined);
  for (const name of ["auth_version", "auth_strategy", "project", "domain", "identity_uri", "cloud", "log_level"]) {
    assert.equal(suggestion("api", name), undefined, name);
  }
});

test("what upstream's generator and deployment tools write for other programs is no warning", () => {
  const lines = saidOf(
    [
      "[DEFAULT]\ntransport_url = rabbit://\nverbose = true",
      "[cors]\nallowed_origin = x\n[healthcheck]\npath = /h\n[oslo_middleware]\nmax_request_body_size = 1",
      "[oslo_concurrency]\nlock_path = /tmp\n[keystone_authtoken]\nauth_url = http://k\nregion = R",
      "[api]\nwww_authenticate_uri = http://k\nservice_token_roles_required = true\nauth_version = v3\nregion = R\nregion_name = R",
      "[introspectiveinstancemonitor]\ncallback_paused_event = true\n",
    ].join("\n"),
  );
  assert.deepEqual(
    lines.filter((line) => !line.includes(": info: ")),
    [],
  );
  assert.match(
    lines.join("\n"),
    /\[api\] www_authenticate_uri has no effect: it is an option of services that check tokens/,
  );
});

test("what only the Python monitors use is accepted: quietly at its default, with a word when it is set", () => {
  assert.deepEqual(
    saidOf("[DEFAULT]\nmonkey_patch = false\nlog_rotation_type = none\nrate_limit_burst = x\n").length,
    1,
  );
  const [info, loud] = saidOf("[DEFAULT]\npublish_errors = true\nlog_config_append = /etc/logging.conf\n");
  assert.match(loud ?? "", /x\.conf:3: warning: .*log_config_append is accepted, but has no effect/);
  assert.match(info ?? "", /x\.conf:2: info: .*publish_errors/);
});

test("environment variables override files; one that names no option of a section is a warning", () => {
  using at = configRoot({ "x.conf": "[process]\ncheck_interval = 7\n" });
  const env = { OS_PROCESS__CHECK_INTERVAL: "8", OS_PROCESS__SETLE: "1", OS_NOVA__X: "1", OS_AUTH_URL: "x" };
  const loaded = load(at, { configFiles: [at.path("x.conf")], env });
  assert.equal(loaded.config.process.check_interval, 8);
  assert.deepEqual(said(loaded, at), [
    "warning: the environment variable OS_PROCESS__SETLE names no option of [process]; it is ignored; did you mean OS_PROCESS__SETTLE?",
  ]);
});

test("the command line overrides everything, dashes or not; what it sets must exist", () => {
  using at = configRoot({ "etc/masakarimonitors.conf": "" });
  const overrides = { debug: true, "log-file": "/x.log", "process.check_interval": 3, "default-log-levels": "a=INFO" };
  const loaded = load(at, { overrides, env: { OS_DEFAULT__DEBUG: "false" } });
  const { DEFAULT, process: section } = loaded.config;
  assert.deepEqual([DEFAULT.debug, DEFAULT.log_file, section.check_interval], [true, "/x.log", 3]);
  assert.deepEqual(said(load(at, { overrides: { debgu: true } }), at), [
    "error: the command line sets debgu, which is no option; did you mean debug?",
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
  assert.match(saidOf("[DEFAULT]\nhostname = compute 1\n")[0] ?? "", /x\.conf:2: error: \[DEFAULT\] hostname must be/);
});

test("the shell generation's files are read when there is no other, with a line that says so", () => {
  using at = configRoot({
    "etc/masakari/processmonitor.conf": "PROCESS_CHECK_INTERVAL=7\nADMIN_PASS='a$b\"c'\n",
    "etc/masakari/hostmonitor.conf": "MONITOR_INTERVAL=30\n",
  });
  const process = load(at);
  assert.equal(process.config.process.check_interval, 7);
  assert.equal(process.config.api.password, 'a$b"c');
  assert.equal(process.config.host.monitoring_interval, 60);
  assert.deepEqual(said(process, at), [
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
