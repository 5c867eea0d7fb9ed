import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPage } from "../../../src/cli/check-page.ts";
import { defaultConfig } from "../../support/default-config.ts";

type Config = ReturnType<typeof defaultConfig>;

function problems(metrics: Partial<Config["metrics"]>, page: Partial<Config["page"]> = {}): string[] {
  const all = defaultConfig();
  const config = { ...all, metrics: { ...all.metrics, ...metrics }, page: { ...all.page, ...page } };
  const found = checkPage({ config, origins: new Map(), shown: new Map(), diagnostics: [], files: [] } as never);
  assert.ok(found.every(({ severity }) => severity === "warning"));
  return found.map(({ message }) => message);
}

test("what the port and the page take, and what is wrong with the rest, without a password in it", () => {
  const peers = ["http://compute-2:9101"];
  assert.deepEqual(problems({ port: 9101, username: "ops", password: "x" }, { enabled: true, peers }), []);
  assert.deepEqual(problems({}, { enabled: true }), ["[page] enabled: there is no page without [metrics] port"]);
  assert.match(
    problems({}, { peers: ["compute-2"] }).join(),
    /\[page\] peers: an entry is not an http:.* it is left out/,
  );
  assert.doesNotMatch(problems({}, { peers: ["http://u:hidden@a"] }).join(), /hidden/);
  assert.match(problems({}, { peers_in_consul: true }).join(), /peers_in_consul: there is no agent in \[consul\]/);
  assert.match(problems({ username: "ops" }).join(), /username: the port stays closed without password \(or/);
  assert.match(problems({ password_file: "/x" }).join(), /password: the port stays closed without username/);
  assert.match(problems({ username: "a:b", password: "x" }).join(), /colon/);
  assert.match(problems({ tls_key_file: "/x" }).join(), /no effect without tls_cert_file/);
});
