import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "../../../src/system/peer-network.ts";

const networks: Readonly<Record<string, string>> = {
  "192.0.2.7": "192.0.2.7",
  "::ffff:192.0.2.7": "192.0.2.7",
  "::FFFF:192.0.2.7": "192.0.2.7",
  "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
  "2001:0DB8:0001:0002::": "2001:db8:1:2::/64",
  "2001:db8::5": "2001:db8:0:0::/64",
  "2001:db8:1::2:3:4:5": "2001:db8:1:0::/64",
  "::1": "0:0:0:0::/64",
  "::": "0:0:0:0::/64",
  "fe80::1%eth0": "fe80:0:0:0::/64",
  "64:ff9b::192.0.2.7": "64:ff9b:0:0::/64",
  "1:2:3:4:5:6:192.0.2.7": "1:2:3:4::/64",
  unknown: "unknown",
};

for (const [address, network] of Object.entries(networks)) {
  test(`${address} is of ${network}`, () => assert.equal(networkOf(address), network));
}
