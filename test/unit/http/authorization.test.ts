import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { basicAuthorization, bearerAuthorization } from "../../../src/http/authorization.ts";
import { RequestError } from "../../../src/http/errors.ts";
import { TestServer } from "../../support/http-server.ts";
import { get, never, transportWith } from "../../support/transport.ts";

test("basic: user and password in base64, also outside ASCII", () => {
  const { headers, secrets } = basicAuthorization("root", "pässword:1");
  assert.equal(headers.Authorization, `Basic ${Buffer.from("root:pässword:1").toString("base64")}`);
  assert.deepEqual(secrets, ["pässword:1", headers.Authorization?.slice(6)]);
});

test("basic: a user name with a colon is refused, since the server would cut it there", () => {
  assert.throws(() => basicAuthorization("a:b", "c"), RequestError);
});

test("bearer: the line break at the end of a token's file is not sent", () => {
  const { headers, secrets } = bearerAuthorization("eyJhbGciOi.x-_~\n");
  assert.deepEqual([headers.Authorization, secrets], ["Bearer eyJhbGciOi.x-_~", ["eyJhbGciOi.x-_~"]]);
});

for (const token of ["", "  \n", "two words-s3cr3t", "s3cr3t\r\nX-Other: 1", "s3cr3t\u0000", "s3cr3té"]) {
  test(`bearer: ${JSON.stringify(token)} is refused without being quoted`, () => {
    assert.throws(
      () => bearerAuthorization(token),
      (error: unknown) => error instanceof RequestError && !error.message.includes("s3cr3t"),
    );
  });
}

suite("a secret in a header, a URL or a body is in no error", () => {
  const secret = "s3cr3t-t0ken";
  const attempts: readonly [string, (url: string) => Parameters<typeof get>][] = [
    ["header", (url) => [url, { headers: { "X-Consul-Token": secret } }]],
    ["header that cannot be sent", (url) => [url, { headers: { "X-Consul-Token": `${secret}\n` } }]],
    ["user information of the URL", (url) => [url.replace("//", `//user:${secret}@`)]],
    ["query", (url) => [`${url}?token=${secret}`]],
    ["body", (url) => [url, { method: "POST", body: secret }]],
  ];
  for (const [where, requestFor] of attempts) {
    for (const scheme of ["http", "https"]) {
      test(`${where}, ${scheme}`, async () => {
        await using server = await TestServer.start((_, response) => void response.socket?.destroy());
        const transport = transportWith();
        const request = get(...requestFor(`${server.origin.replace("http:", `${scheme}:`)}/v1/kv`));
        const error = await transport.send(request, never).catch((caught: unknown) => caught);
        assert.ok(error instanceof Error);
        // With its cause, as a log or a crash dump would print it.
        assert.doesNotMatch(inspect(error, { depth: 5 }), new RegExp(secret));
        assert.doesNotMatch(inspect(transport, { depth: 5 }), new RegExp(secret));
        transport.close();
      });
    }
  }
});
