import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { HttpError } from "../../../src/http/errors.ts";
import { TestServer } from "../../support/http-server.ts";
import { get, never, transportWith } from "../../support/transport.ts";

test("a proxy of the environment is used, but not for what no_proxy names", async () => {
  await using target = await TestServer.start((_, response) => void response.end("direct"));
  await using proxy = await TestServer.start((_, response) => void response.end("through the proxy"));
  const url = `${target.origin}/v1`;
  const proxied = transportWith({ environment: { http_proxy: proxy.origin }, proxyLoopback: true });
  assert.equal((await proxied.send(get(url), never)).body.toString(), "through the proxy");
  assert.equal(proxy.requests[0]?.path, url);
  const excepted = transportWith({
    environment: { http_proxy: proxy.origin, no_proxy: "127.0.0.0/8" },
    proxyLoopback: true,
  });
  assert.equal((await excepted.send(get(url), never)).body.toString(), "direct");
  proxied.close();
  excepted.close();
});

suite("a proxy that does not serve", () => {
  const failure = async (proxy: string): Promise<string> => {
    const transport = transportWith({ environment: { http_proxy: proxy } });
    const error = await transport.send(get("http://masakari.example/v1"), never).catch((caught: unknown) => caught);
    transport.close();
    assert.ok(error instanceof HttpError, String(error));
    return error.message;
  };

  test("is named, because nobody remembers that it is there; its password is not", async () => {
    const message = await failure("http://user:hidden@127.0.0.1:1/");
    assert.match(message, /masakari\.example \(through the proxy http:\/\/127\.0\.0\.1:1\): connection refused/);
    assert.doesNotMatch(message, /hidden/);
  });

  for (const proxy of [
    "http://user:hidden@[bad",
    "socks5://user:hidden@127.0.0.1:1",
    "http://user:hidden@127.0.0.1:x",
  ]) {
    test(`${proxy} is refused without being quoted`, async () => {
      assert.match(await failure(proxy), /^the proxy in the environment \(http_proxy or all_proxy\) is not an http/);
    });
  }
});
