import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { findEndpoint, parseCatalog } from "../../../src/openstack/catalog.ts";
import { CatalogError } from "../../../src/openstack/errors.ts";
import { capture } from "../../support/capture.ts";

const recorded = parseCatalog(JSON.parse(capture("024").response.body).token.catalog);
const wanted = { serviceType: "instance-ha", interface: "public", region: "RegionOne" };
const find = (more: object = {}, catalog = recorded) =>
  findEndpoint(catalog, { ...wanted, ...more }, 'user "masakari"');

suite("found", () => {
  test("by type, interface and region", () => assert.equal(find(), "http://127.0.0.1:25104/v1"));
  test("by keystoneauth's old name of the interface", () =>
    assert.equal(find({ interface: "internalURL" }), "http://127.0.0.1:25104/v1"));
  test("in any region if none is configured", () =>
    assert.equal(find({ region: undefined }), "http://127.0.0.1:25104/v1"));
  test("without a slash at the end", () => {
    const endpoints = [{ interface: "public", region_id: "RegionOne", url: "https://cloud/ha/v1/" }];
    assert.equal(find({}, parseCatalog([{ type: "instance-ha", endpoints }])), "https://cloud/ha/v1");
  });
});

suite("as keystoneauth finds it", () => {
  const service = (type: string, ...endpoints: readonly object[]) => ({ type, endpoints });
  const at = (url: string, more: object = {}) => ({ interface: "public", region_id: "RegionOne", url, ...more });
  const found = (catalog: readonly unknown[], more: object = {}) => find(more, parseCatalog(catalog));

  test("under the alias ha, which stands for instance-ha and the other way round", () => {
    assert.equal(found([service("ha", at("http://a"))]), "http://a");
    assert.equal(found([service("instance-ha", at("http://a"))], { serviceType: "ha" }), "http://a");
    assert.equal(found([service("Instance_HA", at("http://a"))]), "http://a");
  });

  test("under the type that was asked for, if it has an endpoint that fits", () => {
    const both = [service("ha", at("http://alias")), service("instance-ha", at("http://official"))];
    assert.equal(found(both), "http://official");
    assert.equal(found(both, { serviceType: "ha" }), "http://alias");
    const elsewhere = [service("ha", at("http://alias")), service("instance-ha", at("http://b", { region_id: "Two" }))];
    assert.equal(found(elsewhere), "http://alias");
  });

  test("under a type of the operator's own", () => {
    const own = [service("instance-ha", at("http://a")), service("masakari", at("http://own"))];
    assert.equal(found(own, { serviceType: "masakari" }), "http://own");
  });

  test("by the interface, however it is written; an empty one is public", () => {
    const all = ["public", "internal", "admin"].map((name) => at(`http://${name}`, { interface: name }));
    const catalog = [service("instance-ha", ...all)];
    for (const [wanted, url] of [
      ["internalURL", "http://internal"],
      ["adminURL", "http://admin"],
      ["publicURL", "http://public"],
      ["Internal", "http://internal"],
      ["", "http://public"],
    ] as const) {
      assert.equal(found(catalog, { interface: wanted }), url);
    }
    assert.throws(() => found([service("instance-ha", { url: "http://a", region_id: "RegionOne" })]), CatalogError);
  });

  test("in one of many regions; an endpoint without a region counts where there is no other", () => {
    const regions = ["One", "RegionOne", "Three"].map((region) => at(`http://${region}`, { region_id: region }));
    const global = at("http://global", { region_id: null, region: null });
    assert.equal(found([service("instance-ha", global, ...regions)]), "http://RegionOne");
    assert.equal(found([service("instance-ha", global, ...regions)], { region: "Three" }), "http://Three");
    assert.equal(found([service("instance-ha", ...regions, global)], { region: "Four" }), "http://global");
    assert.equal(found([service("instance-ha", ...regions)], { region: undefined }), "http://One");
    assert.equal(found([service("instance-ha", at("http://a", { region_id: "", region: "RegionOne" }))]), "http://a");
  });
});

test("names of megabytes are cut before they are looked at and shown", () => {
  const long = "x".repeat(4_000_000);
  const endpoints = Array.from({ length: 30 }, (_, index) => ({
    interface: long,
    region: `${index}${long}`,
    url: "http://a",
  }));
  for (const catalog of [[{ type: long, endpoints: [] }], [{ type: "instance-ha", endpoints }]]) {
    assert.throws(
      () => find({}, parseCatalog(catalog)),
      (error: unknown) =>
        error instanceof CatalogError && error.message.length <= 2000 && error.message.includes("xxx…"),
    );
  }
});

suite("not found, and the error lists what there is", () => {
  const message = (more: object, catalog = recorded) => {
    try {
      return find(more, catalog);
    } catch (error) {
      assert.ok(error instanceof CatalogError);
      return error.message;
    }
  };

  test("another region", () => {
    assert.match(
      message({ region: "RegionTwo" }),
      /no endpoint of type instance-ha or ha, public in region RegionTwo; it has: instance-ha public in RegionOne, instance-ha internal in RegionOne, instance-ha admin in RegionOne\. Check \[api\] region and api_interface/,
    );
  });

  test("another interface", () => {
    const endpoints = [{ interface: "internal", region: "RegionOne", url: "http://10.0.0.1/v1" }];
    assert.match(
      message({}, parseCatalog([{ type: "instance-ha", endpoints }])),
      /public in region RegionOne; it has: instance-ha internal in RegionOne/,
    );
  });

  test("no such service", () => {
    assert.match(
      message({ serviceType: "instance_hb" }),
      /type instance-hb, only identity, instance-ha, compute: is Masakari registered in Keystone\?/,
    );
  });

  test("another service, whose type is fixed", () => {
    const text = message({ name: "Nova", serviceType: "compute-x" });
    assert.match(text, /no endpoint of type compute-x, only .*: is Nova registered in Keystone\?$/);
  });

  test("no catalog at all", () => assert.match(message({}, []), /set project_name in \[api\]/));
});

test("entries that are not as documented are passed over", () => {
  const odd = [null, 7, { type: "x" }, { type: "instance-ha", endpoints: [null, { interface: "public", url: 3 }] }];
  assert.deepEqual(parseCatalog(odd), [
    { type: "x", endpoints: [] },
    { type: "instance-ha", endpoints: [] },
  ]);
  assert.deepEqual(parseCatalog("nonsense"), []);
});
