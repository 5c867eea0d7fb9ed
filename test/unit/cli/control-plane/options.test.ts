import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addControlPlaneOptions } from "../../../../src/cli/control-plane/options.ts";

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
