import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runToEnd } from "../support/child.ts";
import { startFor } from "../support/control-plane.ts";
import { missingPackages } from "./openstack/packages.ts";

const admin = { name: "admin", password: "admin-secret-of-tests", project: "admin" };

/** What a bootstrap and an operator's day consist of, in one interpreter: Python takes seconds to start. */
const commands = [
  "segment create rack1 auto COMPUTE -f json",
  "segment host create c1 COMPUTE SSH rack1 -f json",
  "segment host list rack1 -f json",
  "segment update --description second rack1 -f json",
  "notification list -f json",
  "project create p1 -f json",
  "user create --password pw --project p1 alice -f json",
  "role add --user alice --project p1 member",
  "role assignment list --user alice --names -f json",
  "application credential create ac -f json",
  "region create R2 -f json",
  "service create --name nova compute -f json",
  "endpoint create --region R2 compute public http://127.0.0.1:1/v2.1 -f json",
  "endpoint list --service nova -f json",
  "token issue -f json",
  "segment delete rack1",
  "segment list -f json",
  "user delete alice",
  "user list -f json",
];

describe("Debian's openstackclient with Masakari's plugin", { skip: await missingPackages() }, () => {
  test("does an operator's work on the embedded control plane", async (context) => {
    const cloud = await startFor(context, { users: [{ ...admin, roles: ["admin"] }] });
    const env = {
      OS_AUTH_URL: cloud.keystoneUrl,
      OS_USERNAME: admin.name,
      OS_PASSWORD: admin.password,
      OS_PROJECT_NAME: admin.project,
      ...{ OS_USER_DOMAIN_NAME: "Default", OS_PROJECT_DOMAIN_NAME: "Default", OS_IDENTITY_API_VERSION: "3" },
    };
    const script = `printf '%s\\n' "$@" | /usr/bin/openstack`;
    const output = await runToEnd("/bin/sh", ["-c", script, "sh", ...commands], { env });
    const shown = documents(output) as Record<string, unknown>[];
    assert.equal(shown.length, commands.filter((command) => command.endsWith("-f json")).length, output);
    const [segment, host, hosts, updated, notifications, , user, assignments, credential] = shown;
    assert.equal(segment?.name, "rack1");
    assert.equal(host?.failover_segment_id, segment?.uuid);
    assert.deepEqual(
      (hosts as unknown as Record<string, unknown>[]).map(({ name }) => name),
      ["c1"],
    );
    assert.equal(updated?.description, "second");
    assert.deepEqual(notifications, []);
    assert.equal(user?.name, "alice");
    assert.equal((assignments as unknown as Record<string, unknown>[])[0]?.Role, "member");
    assert.match(String(credential?.secret), /^[\w-]{60,}$/);
    const [endpoints, token, segments, users] = shown.slice(-4);
    assert.match(JSON.stringify(endpoints), /127\.0\.0\.1:1\/v2\.1/);
    assert.match(String(token?.id), /^gAAAAA/);
    assert.deepEqual(segments, []);
    assert.deepEqual(
      (users as unknown as Record<string, unknown>[]).map(({ Name }) => Name),
      ["admin"],
    );
  });
});

/** The JSON documents in what was printed: each begins and ends at the start of a line. */
function documents(output: string): unknown[] {
  return (output.match(/^(?:\[\]|\{$[\s\S]*?^\}|\[$[\s\S]*?^\])$/gm) ?? []).map((text) => JSON.parse(text) as unknown);
}
