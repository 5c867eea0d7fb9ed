import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyFor } from "../../../src/http/proxy.ts";

const cases: readonly [url: string, environment: Record<string, string>, proxy: string | undefined][] = [
  ["http://cloud:5000/v3", {}, undefined],
  ["http://cloud:5000/v3", { http_proxy: "http://p:3128" }, "http://p:3128"],
  ["http://cloud:5000/v3", { http_proxy: "p:3128" }, "http://p:3128"],
  ["http://cloud:5000/v3", { HTTP_PROXY: "http://big:1", http_proxy: "http://small:1" }, "http://small:1"],
  ["https://cloud/v3", { http_proxy: "http://p:3128" }, undefined],
  ["https://cloud/v3", { https_proxy: "http://p:3128" }, "http://p:3128"],
  ["https://cloud/v3", { ALL_PROXY: "http://p:3128" }, "http://p:3128"],
  ["http://cloud/v3", { http_proxy: "" }, undefined],
  ["http://keystone.example.com", { http_proxy: "http://p", no_proxy: "example.com" }, undefined],
  ["http://keystone.example.com", { http_proxy: "http://p", no_proxy: " .example.com ," }, undefined],
  ["http://notexample.com", { http_proxy: "http://p", no_proxy: "example.com" }, "http://p"],
  ["http://cloud:5000", { http_proxy: "http://p", no_proxy: "cloud:5000" }, undefined],
  ["http://cloud:5001", { http_proxy: "http://p", no_proxy: "cloud:5000" }, "http://p"],
  ["http://cloud", { http_proxy: "http://p", no_proxy: "*" }, undefined],
  ["http://10.0.0.254:5000", { http_proxy: "http://p", no_proxy: "10.0.0.0/24" }, undefined],
  ["http://10.0.1.254:5000", { http_proxy: "http://p", no_proxy: "10.0.0.0/24" }, "http://p"],
  ["http://10.0.0.254:5000", { http_proxy: "http://p", no_proxy: "10.0.0.0/99" }, "http://p"],
  ["http://10.0.0.254:5000", { http_proxy: "http://p", NO_PROXY: "10.0.0.254" }, undefined],
  ["http://110.0.0.254:5000", { http_proxy: "http://p", no_proxy: "10.0.0.254" }, "http://p"],
  ["http://127.0.0.1:15868/v1", { http_proxy: "http://p", all_proxy: "http://p" }, undefined],
  ["http://127.8.9.1", { http_proxy: "http://p" }, undefined],
  ["https://localhost:5000", { https_proxy: "http://p" }, undefined],
  ["http://LOCALHOST.:5000", { http_proxy: "http://p" }, undefined],
  ["http://api.localhost", { http_proxy: "http://p" }, undefined],
  ["http://[::1]:5000", { http_proxy: "http://p" }, undefined],
  ["http://[::ffff:127.0.0.1]:5000", { http_proxy: "http://p" }, undefined],
  ["http://2130706433", { http_proxy: "http://p" }, undefined],
  ["http://localhost.example.com", { http_proxy: "http://p" }, "http://p"],
  ["http://notlocalhost", { http_proxy: "http://p" }, "http://p"],
  ["http://128.0.0.1", { http_proxy: "http://p" }, "http://p"],
  ["http://[::2]", { http_proxy: "http://p" }, "http://p"],
];

test("this host itself is requested through the proxy if that is configured", () => {
  const options = { loopback: true };
  assert.equal(proxyFor(new URL("http://127.0.0.1:5000"), { http_proxy: "http://p" }, options), "http://p");
  assert.equal(proxyFor(new URL("http://[::1]"), { http_proxy: "http://p", no_proxy: "::1" }, options), undefined);
});

for (const [url, environment, proxy] of cases) {
  test(`${url} with ${JSON.stringify(environment)}: ${proxy ?? "direct"}`, () => {
    assert.equal(proxyFor(new URL(url), environment), proxy);
  });
}
