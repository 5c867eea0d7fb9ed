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

suite("not found, and said what there is", () => {
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
      /no endpoint of type instance-ha, public in region RegionTwo; it has: public in RegionOne, internal in RegionOne, admin in RegionOne\. Check \[api\] region and api_interface/,
    );
  });

  test("another interface", () => {
    const endpoints = [{ interface: "internal", region: "RegionOne", url: "http://10.0.0.1/v1" }];
    assert.match(
      message({}, parseCatalog([{ type: "instance-ha", endpoints }])),
      /public in region RegionOne; it has: internal in RegionOne/,
    );
  });

  test("no such service", () => {
    assert.match(
      message({ serviceType: "ha" }),
      /type ha, only identity, instance-ha, compute: is Masakari registered in Keystone\?/,
    );
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
