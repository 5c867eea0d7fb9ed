import assert from "node:assert/strict";
import { test } from "node:test";
import { countUnknownNames } from "../../../src/config/diagnostic.ts";
import { configRoot } from "../../support/config-root.ts";
import { linesFor, linesOf, load } from "../../support/load-config.ts";

test("every bad line is reported, and none is quoted, because it may be half of a password", () => {
  const lines = linesFor("secret0\n[api\nsecret1 = x\n[api]\npassword = secret2\n\n secret3\nsecret4\n= secret5\n[]\n");
  assert.deepEqual(
    lines.map((line) => line.replace(/: error: .*/, "")),
    ["/x.conf:1", "/x.conf:2", "/x.conf:3", "/x.conf:7", "/x.conf:8", "/x.conf:9", "/x.conf:10"],
  );
  assert.doesNotMatch(lines.join("\n"), /secret/);
});

test("unknown names are warnings that suggest what may be meant", () => {
  assert.deepEqual(
    linesFor(
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
  assert.deepEqual(linesFor("[process]\ncheck_interval = 5\n[host]\n[Process]\ncheck_interval = 6\n"), [
    "/x.conf:5: warning: [Process] check_interval is set on line 2 already; this later value counts",
  ]);
});

test("bad values are errors with their line: type, range, choice, list of ports", () => {
  const text =
    "[process]\ncheck_interval = 0\nsettle = soon\n[host]\nmonitoring_driver = etcd\ncorosync_multicast_ports = 70000\n";
  assert.deepEqual(linesFor(text), [
    "/x.conf:2: error: [process] check_interval must be at least 1, not 0",
    '/x.conf:3: error: [process] settle must be a number, not "soon"',
    '/x.conf:5: error: [host] monitoring_driver must be one of default, simple, consul, kubernetes, not "etcd"',
    "/x.conf:6: error: [host] corosync_multicast_ports must be a list of ports: one must be at most 65535, not 70000",
  ]);
});

test("an interface of Corosync without its port is a warning, where Corosync is talked", () => {
  const text = "[host]\ncorosync_multicast_interfaces = a\n";
  assert.match(linesFor(text)[0] ?? "", /:2: warning: .* has 1 and .* 0 items/);
  assert.match(linesFor(`${text}monitoring_driver = simple\n`)[0] ?? "", /:2: warning: /);
  assert.deepEqual(linesFor(`${text}pacemaker_node_type = remote\n`), []);
  assert.deepEqual(linesFor(`${text}monitoring_driver = consul\n`), []);
});

test("a key with dashes does not count, as for oslo.config, and that is a diagnostic; old names that have dashes do", () => {
  using at = configRoot({
    "x.conf": "[process]\nrestart-retries = 0\n[api]\ntenant-name = t\n[DEFAULT]\nlog-config = x\n",
  });
  const loaded = load(at, { configFiles: [at.path("x.conf")] });
  assert.equal(loaded.config.process.restart_retries, 3);
  assert.equal(loaded.config.api.project_name, "t");
  assert.equal(
    linesOf(loaded, at)[0],
    "/x.conf:2: warning: [process] restart-retries is ignored, as oslo.config does: in a file the name has underscores; write restart_retries",
  );
});

test("a name that is near no other is given no other", () => {
  const suggestion = (section: string, name: string): string | undefined =>
    /did you mean (\S+)\?/.exec(linesFor(`[${section}]\n${name} = x\n`)[0] ?? "")?.[1];
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
  const lines = linesFor(
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
    linesFor("[DEFAULT]\nmonkey_patch = false\nlog_rotation_type = none\nrate_limit_burst = x\n").length,
    1,
  );
  const [info, loud] = linesFor("[DEFAULT]\npublish_errors = true\nlog_config_append = /etc/logging.conf\n");
  assert.match(loud ?? "", /x\.conf:3: warning: .*log_config_append is accepted, but has no effect/);
  assert.match(info ?? "", /x\.conf:2: info: .*publish_errors/);
});

test("sections, options and variables that do not exist are counted, for the metrics", () => {
  using at = configRoot({ "x.conf": "[process]\nchek_interval = 5\ncheck_interval = 5\n[proces]\n" });
  const { diagnostics } = load(at, { configFiles: [at.path("x.conf")], env: { OS_PROCESS__CHEK: "1" } });
  assert.equal(countUnknownNames(diagnostics), 3);
  assert.equal(countUnknownNames(load(at).diagnostics), 0);
});
