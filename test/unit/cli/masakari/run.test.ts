import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { runMasakari } from "../../../../src/cli/masakari/run.ts";
import { type ControlPlane, startControlPlane } from "../../../../src/control-plane/control-plane.ts";
import { TestServer } from "../../../support/http-server.ts";
import { KeptLog } from "../../../support/kept-log.ts";

const password = "operator-secret-of-tests";
const folder = mkdtempSync(join(tmpdir(), "masakari-command-"));
let cloud: ControlPlane;
let openrc: Record<string, string>;

before(async () => {
  const user = { name: "masakari", password, project: "service", roles: ["admin"] as const };
  cloud = await startControlPlane({ database: ":memory:", users: [user], log: new KeptLog() });
  openrc = {
    OS_AUTH_URL: cloud.keystoneUrl,
    OS_USERNAME: "masakari",
    OS_PASSWORD: password,
    OS_PROJECT_NAME: "service",
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_NAME: "Default",
    OS_REGION_NAME: "RegionOne",
    OS_INTERFACE: "public",
  };
});
after(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What one run wrote, and its status. */
async function masakari(line: string | readonly string[], env: Record<string, string | undefined> = openrc) {
  let [out, err] = ["", ""];
  const status = await runMasakari(typeof line === "string" ? line.split(" ") : line, {
    env,
    homeDir: folder,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  assert.doesNotMatch(out + err, new RegExp(password));
  return { status, out, err };
}

async function succeeds(line: string, env?: Record<string, string | undefined>): Promise<string> {
  const { status, out, err } = await masakari(line, env);
  assert.deepEqual([status, err], [0, ""], line);
  return out;
}

/** A command line that is wrong in itself ends with 2, whatever else goes wrong with 1. */
const misuses = async (line: string, message: RegExp): Promise<void> => await fails(line, message, openrc, 2);

async function fails(
  line: string,
  message: RegExp,
  env?: Record<string, string | undefined>,
  expected = 1,
): Promise<void> {
  const { status, out, err } = await masakari(line, env);
  assert.equal(status, expected);
  assert.equal(out, "");
  assert.match(err, message);
  assert.equal(err.trimEnd().split("\n").length, 1, "one line");
}

test("an operator's way from nothing to a host and back out of maintenance", async () => {
  await fails("host-create compute1", /there is no segment yet: masakari segment-create NAME/);
  assert.match(await succeeds("segment-create rack1 --recovery-method reserved_host"), /^name +rack1$/m);
  assert.match(
    await succeeds("segment-list"),
    /^UUID +NAME +RECOVERY METHOD .*\n\S{36} +rack1 +reserved_host +COMPUTE +true\n$/,
  );
  assert.match(await succeeds("host-create compute1 --on-maintenance"), /^failover_segment +rack1$/m);
  assert.match(await succeeds("host-list"), / compute1 +rack1 +COMPUTE +false +true$/m);
  assert.match(await succeeds("host-update compute1 --on-maintenance false"), /^on_maintenance +false$/m);
  assert.match(await succeeds("host-list --segment rack1"), / compute1 +rack1 +COMPUTE +false +false$/m);

  await succeeds("segment-create rack2");
  await fails("host-create compute2", /several segments, choose one with --segment: rack\d, rack\d/);
  await succeeds("host-create compute2 --segment rack2 --reserved");
  const hosts = JSON.parse(await succeeds("--json host-list")) as { name: string; reserved: boolean }[];
  assert.deepEqual(
    hosts.map(({ name, reserved }) => `${name} ${reserved}`).sort((a, b) => a.localeCompare(b)),
    ["compute1 false", "compute2 true"],
  );
});

test("notifications are listed by host and shown", async () => {
  await succeeds("segment-create rack3");
  await succeeds("host-create compute3 --segment rack3");
  const token = await fetch(`${cloud.keystoneUrl}/auth/tokens`, {
    method: "POST",
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: "masakari", domain: { id: "default" }, password } },
        },
        scope: { project: { name: "service", domain: { id: "default" } } },
      },
    }),
    headers: { "Content-Type": "application/json" },
  });
  const payload = { event: "STOPPED", process_name: "nova-compute" };
  await fetch(`${cloud.masakariUrl}/notifications`, {
    method: "POST",
    body: JSON.stringify({
      notification: { type: "PROCESS", hostname: "compute3", generated_time: "2026-11-22T12:12:22", payload },
    }),
    headers: { "Content-Type": "application/json", "X-Auth-Token": token.headers.get("X-Subject-Token") ?? "" },
  });
  for (const filters of ["--type PROCESS", "--status new", "--host compute3", "--since 2026-11-22T12:12:22", ""]) {
    assert.match(await succeeds(`notification-list --limit 9 ${filters}`.trim()), / compute3 /, filters);
  }
  for (const filters of [
    "--type VM",
    "--status error",
    "--host compute9",
    "--since 2026-11-22T12:12:23",
    "--limit 0",
  ]) {
    assert.doesNotMatch(await succeeds(`notification-list ${filters}`), / compute3 /, filters);
  }
  await fails("notification-list --since yesterday", /Invalid generated-since value/);
  await misuses("notification-list --type process", /Allowed choices are COMPUTE_HOST, VM, PROCESS/);
  const list = await succeeds("notification-list --limit 5");
  assert.match(list, / 2026-11-22T12:12:22 +PROCESS +compute3 +new +STOPPED nova-compute$/m);
  const [stored] = JSON.parse(await succeeds("notification-list --json")) as { notification_uuid: string }[];
  const shown = await succeeds(`notification-show ${stored?.notification_uuid}`);
  assert.match(shown, /^payload +\{"event":"STOPPED","process_name":"nova-compute"\}$/m);
});

test("the old client's syntax works", async () => {
  const created = await succeeds("segment-create --name seg1 --recovery-method auto --service-type COMPUTE");
  assert.match(created, /^name +seg1$/m);
  const uuid = /^uuid +(\S{36})$/m.exec(created)?.[1] ?? "";
  assert.match(await succeeds(`segment-show --id ${uuid}`), /^name +seg1$/m);
  assert.match(await succeeds("segment-show --id seg1"), new RegExp(`^uuid +${uuid}$`, "m"));
  const changed = "segment-update --id seg1 --name seg2 --description d --recovery-method rh_priority --service-type X";
  assert.match(
    await succeeds(changed),
    /^name +seg2\nservice_type +X\n(?:.*\n)*description +d\nrecovery_method +rh_priority$/m,
  );

  const host = `--name old1 --type COMPUTE --control-attributes SSH --segment-id ${uuid} --reserved False`;
  assert.match(await succeeds(`host-create ${host} --on-maintenance True`), /^on_maintenance +true$/m);
  assert.match(await succeeds(`host-list --segment-id ${uuid}`), / old1 +seg2 +COMPUTE +false +true$/m);
  const shown = await succeeds(`host-show --segment-id ${uuid} --id old1`);
  const hostId = /^uuid +(\S{36})$/m.exec(shown)?.[1] ?? "";
  const update = `host-update --segment-id ${uuid} --id ${hostId} --name old2 --type T --control-attributes IPMI`;
  assert.match(await succeeds(`${update} --reserved true --on_maintenance=False`), /^name +old2$/m);
  const { name, type, control_attributes, reserved, on_maintenance } = JSON.parse(
    await succeeds("--json host-show old2"),
  ) as Record<string, unknown>;
  assert.deepEqual(
    { name, type, control_attributes, reserved, on_maintenance },
    {
      ...{ name: "old2", type: "T", control_attributes: "IPMI" },
      ...{ reserved: true, on_maintenance: false },
    },
  );
  assert.match(await succeeds(`host-delete --segment-id ${uuid} --id ${hostId}`), /^deleted host old2 /);
  await fails("host-show old2", /no segment has a host old2/);
  assert.match(await succeeds("segment-delete --id seg2"), /^deleted segment seg2 /);
  await fails("segment-delete seg2", /there is no segment seg2/);
});

test("the old client's login options stand for the variables, and a secret among them is warned of", async () => {
  const { OS_AUTH_URL: url, OS_USERNAME: user, ...rest } = openrc;
  await succeeds(`--os-auth-url ${url} --os-username ${user} segment-list`, rest);
  const { status, err } = await masakari(["--os-password", "wrong", "segment-list"]);
  assert.equal(status, 1);
  assert.match(err, /^Every user of this machine can see a secret on a command line.*\n.*refused the login/);
});

test("what a command is about is given once", async () => {
  await fails("segment-create", /NAME is missing: give it as argument or with --name/);
  await fails("segment-show", /SEGMENT is missing: .* --id/);
  await fails("host-delete", /HOST is missing: .* --id/);
  await fails("notification-show", /UUID is missing: .* --id/);
  await fails("segment-create a --name b", /two different ones are given: NAME a and --name b/);
  await fails("segment-update rack1", /nothing to change: give one of --name/);
});

suite("the login", () => {
  const section = (changed = "") =>
    `[api]\nauth_url = ${cloud.keystoneUrl}\nusername = masakari\npassword = ${password}\nproject_name = service\ndomain_name = Default\n${changed}`;
  const file = (content: string): string => {
    const path = join(folder, "monitors.conf");
    writeFileSync(path, content);
    return path;
  };

  test("comes from --config-file, before the environment", async () => {
    await succeeds(`--config-file ${file(section())} segment-list`, { OS_AUTH_URL: "http://127.0.0.1:1" });
  });

  test("comes from an environment with a token", async () => {
    const { headers } = await fetch(`${cloud.keystoneUrl}/auth/tokens`, {
      method: "POST",
      body: JSON.stringify({
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: "masakari", domain: { id: "default" }, password } },
          },
        },
      }),
      headers: { "Content-Type": "application/json" },
    });
    const { OS_PASSWORD: _, OS_USERNAME: __, ...rest } = openrc;
    await succeeds("segment-list", { ...rest, OS_TOKEN: headers.get("X-Subject-Token") ?? "" });
  });

  test("may be none, with an endpoint", async () => {
    await using api = await TestServer.start((_, response) => void response.end('{"segments": []}'));
    assert.match(await succeeds("segment-list", { OS_ENDPOINT: `${api.origin}/v1` }), /^UUID/);
  });

  test("that is wrong leads to an error that names its origin", async () => {
    await fails("segment-list", /refused the login of user "masakari".*comes from the environment: OS_USERNAME/, {
      ...openrc,
      OS_PASSWORD: "wrong",
    });
    await fails("segment-list", /needs password.*from the environment/, { ...openrc, OS_PASSWORD: "" });
    await fails(
      `--config-file ${file("[api]\nauth_url = http://127.0.0.1:1\n")} segment-list`,
      /needs password.*comes from .*monitors\.conf/,
    );
    await fails(`--config-file ${file(section("timeout = soon\n"))} segment-list`, /monitors\.conf:\d+: .*timeout/);
    await fails("--config-file /nonexistent segment-list", /\/nonexistent: .*does not exist/);
  });
});

test("what goes wrong is one line and status 1", async () => {
  await fails("segment-list", /connection refused/, { ...openrc, OS_AUTH_URL: "http://127.0.0.1:1" });
  await fails("segment-list", /public in region Elsewhere.*\[api\] region .*environment: .*OS_REGION_NAME for region/, {
    ...openrc,
    OS_REGION_NAME: "Elsewhere",
  });
  await fails("notification-show 00000000-0000-4000-8000-00000000dead", /No notification with id [-0-9a-f]+\.$/m);
  await fails("host-update nobody --on-maintenance false", /no segment has a host nobody/);
  await fails("host-update nobody", /nothing to change/);
  await misuses("host-update nobody --on-maintenance perhaps", /true or false is expected/);
  await misuses("segment-create s --recovery-method wish", /Allowed choices are auto, reserved_host/);
  await fails("host-list --segment nowhere", /there is no segment nowhere/);
  await misuses("reboot", /unknown command 'reboot'/);
});

test("help and version end with status 0", async () => {
  assert.match(await succeeds("--help"), /host-update/);
  assert.match(await succeeds("--version"), /^\d+\.\d+\.\d+\n$/);
});
