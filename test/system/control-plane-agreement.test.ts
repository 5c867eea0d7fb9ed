import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { playIdentityStory } from "../contract/identity-story.ts";
import { missingPackages } from "./openstack/packages.ts";
import { enterOpenStack } from "./openstack/shared.ts";

const recording = new URL("../fixtures/keystone/identity-story-22.0.2.txt", import.meta.url);

describe("the recorded story of the identity API", { skip: await missingPackages() }, () => {
  test("is what Debian's Keystone really answers", async (context) => {
    const site = await enterOpenStack();
    context.after(() => site.close());
    const { keystoneUrl, admin } = site.address;
    const exchanges = await playIdentityStory({
      ...{ url: keystoneUrl, name: admin.username },
      ...{ password: admin.password, project: admin.project },
    });
    const recorded = readFileSync(recording, "utf8").trim().split("\n\n");
    // Regions are those of all suites that run now.
    const comparable = (texts: readonly string[]) => texts.filter((text) => !text.startsWith("GET /regions\n"));
    assert.deepEqual(comparable(exchanges), comparable(recorded));
  });
});
