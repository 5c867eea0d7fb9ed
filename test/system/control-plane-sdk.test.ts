import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runToEnd } from "../support/child.ts";
import { startFor, testUsers } from "../support/control-plane.ts";
import { Side } from "../support/same-world.ts";
import { missingPackages } from "./openstack/packages.ts";
import { enterOwnOpenStack } from "./openstack/shared.ts";

const script = fileURLToPath(new URL("openstack/python/sdk-calls.py", import.meta.url));
const prefix = `sdk-${randomUUID().slice(0, 8)}`;

interface Cloud {
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly project: string;
  readonly region: string;
}

/** What came of each call: its name, and the result, or the exception with status and message. */
async function play({ authUrl, username, password, project, region }: Cloud): Promise<unknown[][]> {
  const env = {
    ...{ OS_AUTH_URL: authUrl, OS_USERNAME: username, OS_PASSWORD: password, OS_PROJECT_NAME: project },
    ...{ OS_USER_DOMAIN_NAME: "Default", OS_PROJECT_DOMAIN_NAME: "Default", OS_REGION_NAME: region },
  };
  const output = await runToEnd("/usr/bin/python3", [script, prefix], { env });
  return JSON.parse(output) as unknown[][];
}

/** Without what is random, of another object, or an engine's: it files this notification as ignored at some time. */
function comparable(outcomes: readonly unknown[]): unknown[] {
  const names = new Side();
  return outcomes.map((outcome) => {
    const text = JSON.stringify(outcome, (key, value: unknown) =>
      ["id", "location", "status", "updated_at", "recovery_workflow_details"].includes(key) ? undefined : value,
    );
    return JSON.parse(names.normalise(text)) as unknown;
  });
}

async function ours(context: TestContext): Promise<Cloud> {
  const [admin] = testUsers;
  const cloud = await startFor(context, { release: "1.2", duplicateInterval: 0 });
  const { name: username, password, project } = admin;
  return { authUrl: cloud.keystoneUrl, username, password, project, region: "RegionOne" };
}

describe("Debian's openstacksdk", { skip: await missingPackages() }, () => {
  test("gets from the embedded control plane, call by call, what it gets from masakari-api 14.0.2", async (context) => {
    const site = await enterOwnOpenStack();
    context.after(() => site.close());
    const real = await play({ ...site.address.monitors, authUrl: site.address.keystoneUrl, region: site.region });
    const own = await play(await ours(context));
    const [expected, actual] = [comparable(real), comparable(own)];
    assert.equal(actual.length, 38);
    for (const [index, outcome] of expected.entries()) assert.deepEqual(actual[index], outcome, `call ${index}`);
  });
});
