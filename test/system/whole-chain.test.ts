import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { notificationIn } from "../support/notification-post.ts";
import { DataCentre } from "./nova/data-centre.ts";
import { missingForNova } from "./nova/packages.ts";
import { loseHost, show } from "./nova/recovery.ts";
import { novaDefaults, quick } from "./nova/settings.ts";
import { missingPackages } from "./openstack/packages.ts";
import { missingForPacemaker } from "./pacemaker/packages.ts";

const GUESTS = 3;
/** `MASAKARI_TEST_CHAIN=defaults`: with the intervals of Nova and Masakari as they ship them, which takes some minutes more. */
const atDefaults = process.env.MASAKARI_TEST_CHAIN === "defaults";
const settings = atDefaults
  ? { heartbeat: novaDefaults, masakari: "wait_period_after_service_update = 180\nrpc_response_timeout = 60" }
  : { heartbeat: quick, masakari: "rpc_response_timeout = 20" };
const RECOVERY_MS = 480_000;

const skip = (await missingForNova()) || (await missingPackages()) || (await missingForPacemaker());

describe("a host dies in a real cluster with a real Keystone, Masakari and Nova", { skip }, () => {
  test("its guests run elsewhere, after one notification", async (context) => {
    const centre = await DataCentre.start(settings);
    context.after(() => centre.stop());
    const { cloud, cluster } = centre;
    try {
      const guests = await cloud.nova.boot("node3", GUESTS);
      const timeline = await loseHost(centre, "node3", RECOVERY_MS);
      context.diagnostic(`since node3 was killed:\n${show(timeline)}`);

      const servers = await cloud.nova.servers();
      for (const id of guests) {
        assert.equal(servers.get(id)?.status, "ACTIVE");
        assert.match(servers.get(id)?.host ?? "", /^node[12]$/);
      }
      const posts = cloud.masakariCalls.matching(
        ({ method, path }) => method === "POST" && /\/notifications$/.test(path),
      );
      assert.deepEqual(
        posts.map((post) => [post.response?.status, notificationIn(post)?.type, notificationIn(post)?.hostname]),
        [[202, "COMPUTE_HOST", "node3"]],
      );
      assert.deepEqual(JSON.parse(posts[0]?.body ?? "").notification.payload, {
        ...{ event: "STOPPED", cluster_status: "OFFLINE", host_status: "NORMAL" },
      });
      assert.equal(await cloud.masakari.onMaintenance(centre.host("node3")), true);
      const lost = (await cloud.nova.services()).find(({ host }) => host === "node3");
      assert.deepEqual([lost?.status, lost?.disabled_reason], ["disabled", "Masakari detected host failed."]);
      assert.equal(cluster.node("node3").pid, undefined);
    } catch (error) {
      context.diagnostic(centre.logs());
      throw error;
    }
  });
});
