import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addControlPlaneOptions } from "../../../../src/cli/control-plane/options.ts";

const optionsOf = (...given: string[]) => {
  const command = addControlPlaneOptions(new Command()).exitOverride();
  command.configureOutput({ writeErr: () => undefined }).parse(given, { from: "user" });
  return command.opts();
};

test("an address that is none is refused with its option's name", () => {
  const good = ["192.0.2.1", "::1", "10.0.0.0/8", "fd00::/8"];
  assert.deepEqual(optionsOf(...good.flatMap((one) => ["--trusted-proxy", one])).trustedProxy, good);
  for (const bad of ["nonsense", "", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "::1/129", "proxy.example.org"]) {
    assert.throws(() => optionsOf("--trusted-proxy", bad), /'--trusted-proxy <ADDRESS>' argument .* an address as 192/);
  }
});

test("an origin that no browser sends is refused with its option's name", () => {
  const good = ["*", "https://horizon.example.org", "http://127.0.0.1:8080"];
  assert.deepEqual(optionsOf(...good.flatMap((one) => ["--cors-origin", one])).corsOrigin, good);
  for (const bad of ["horizon", "https://horizon.example.org/", "https://horizon.example.org:443", "null"]) {
    assert.throws(() => optionsOf("--cors-origin", bad), /'--cors-origin <ORIGIN>' argument .* an origin as https/);
  }
});

test("a token's lifetime is refused where its end would be no date", () => {
  const parse = (seconds: string) =>
    addControlPlaneOptions(new Command())
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parse(["--token-lifetime", seconds], { from: "user" })
      .opts().tokenLifetime;
  assert.equal(parse("999999999"), 999_999_999);
  for (const bad of ["0", "1000000000", "99999999999999", "-1", "1h"])
    assert.throws(() => parse(bad), /a whole number/);
});
