import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ResponseError } from "../../../src/http/errors.ts";
import { TestServer } from "../../support/http-server.ts";
import { get, never, transportWith } from "../../support/transport.ts";

suite("redirects", () => {
  test("are followed with method, body and token as long as they stay on the host", async () => {
    await using server = await TestServer.start((request, response) => {
      if (request.path === "/here") return void response.writeHead(301, { Location: "/there" }).end();
      response.end("ok");
    });
    const transport = transportWith();
    const request = get(`${server.origin}/here`, { method: "POST", body: "{}", headers: { "X-Auth-Token": "t" } });
    assert.equal((await transport.send(request, never)).body.toString(), "ok");
    const { method, path, body, headers } = server.requests[1] ?? assert.fail("one request only");
    assert.deepEqual([method, path, body, headers["x-auth-token"]], ["POST", "/there", "{}", "t"]);
    transport.close();
  });

  test("to another host do not get our secrets", async () => {
    await using server = await TestServer.start((_, response) => {
      response.writeHead(302, { Location: "http://localhost:1/" }).end();
    });
    const transport = transportWith();
    await assert.rejects(transport.send(get(server.origin), never), /redirects to http:\/\/localhost:1/);
    transport.close();
  });

  test("to another port of the same host do not get our secrets", async () => {
    await using other = await TestServer.start((_, response) => void response.end("got it"));
    await using server = await TestServer.start((_, response) => {
      response.writeHead(307, { Location: `${other.origin}/v3/auth/tokens` }).end();
    });
    const transport = transportWith();
    const request = get(server.origin, { method: "POST", body: "password", headers: { "X-Auth-Token": "t" } });
    await assert.rejects(transport.send(request, never), /redirects to .*is not sent the credentials/);
    assert.equal(other.requests.length, 0);
    transport.close();
  });

  for (const location of ["http://[bad", "//", "ftp://127.0.0.1/", "javascript:x"]) {
    test(`to ${location} are an error of the response`, async () => {
      await using server = await TestServer.start((_, response) => {
        response.writeHead(302, { Location: location }).end();
      });
      const transport = transportWith();
      const error = await transport.send(get(server.origin), never).catch((caught: unknown) => caught);
      assert.ok(error instanceof ResponseError, String(error));
      assert.match(error.message, /redirects to something other than an http:\/\/ or https:\/\/ URL/);
      transport.close();
    });
  }

  test("in a loop end", async () => {
    await using server = await TestServer.start((_, response) => {
      response.writeHead(302, { Location: "/" }).end();
    });
    const transport = transportWith();
    await assert.rejects(transport.send(get(server.origin), never), /in a loop/);
    transport.close();
  });
});
