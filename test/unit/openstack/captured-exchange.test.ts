import assert from "node:assert/strict";
import { test } from "node:test";
import { userAgent } from "../../../src/http/user-agent.ts";
import { deliverToMasakari } from "../../../src/notify/masakari-delivery.ts";
import { createSession } from "../../../src/openstack/create-session.ts";
import { MasakariClient } from "../../../src/openstack/masakari.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { type CapturedMessage, capture } from "../../support/capture.ts";
import { type Arrived, TestServer } from "../../support/http-server.ts";
import { KeptLog } from "../../support/kept-log.ts";

const captured = { versions: capture("023"), login: capture("024"), notification: capture("026") };

/** What must be equal: everything but the order, the User-Agent, and the places and token that each run has of its own. */
function comparable(start: string, headers: Record<string, unknown>, body: string) {
  const own = new Set(["user-agent", "host", "x-auth-token"]);
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    start,
    headers: Object.fromEntries(named.filter(([name]) => !own.has(name))),
    names: named.map(([name]) => name).sort(),
    body: body === "" ? "" : JSON.parse(body),
  };
}

const recorded = ({ start, headers, body }: CapturedMessage) => comparable(start, headers, body);
const ours = ({ method, path, headers, body }: Arrived) => comparable(`${method} ${path} HTTP/1.1`, headers, body);

test("our exchange with Keystone and masakari-api is the recorded one of masakari-processmonitor", async () => {
  await using server = await TestServer.start((request, response) => {
    const { response: recorded } =
      request.path === "/v3"
        ? captured.versions
        : request.path === "/v3/auth/tokens"
          ? captured.login
          : captured.notification;
    const { "Content-Length": _, ...headers } = recorded.headers;
    response.writeHead(Number(recorded.start.split(" ")[1]), headers);
    // The recorded addresses are those of the stack of then.
    response.end(recorded.body.replaceAll(/http:\/\/127\.0\.0\.1:2510[34]/g, server.origin));
  });
  const session = await createSession(
    {
      auth_url: `${server.origin}/v3`,
      username: "masakari",
      password: "masakari-secret",
      project_name: "service",
      user_domain_name: "Default",
      project_domain_name: "Default",
      region: "RegionOne",
    },
    {
      userAgent: userAgent("masakari-processmonitor", "0.1.0"),
      clock: systemClock,
      log: new KeptLog(),
      environment: {},
    },
  );
  const { notification } = JSON.parse(captured.notification.request.body);
  const result = await deliverToMasakari(new MasakariClient(session))(notification, AbortSignal.timeout(60_000));
  session.close();

  assert.deepEqual(result, { outcome: "delivered", notificationUuid: "b6c9061c-ac2c-4e81-a05b-01f2656126cf" });
  assert.deepEqual(
    server.requests.map(ours),
    [captured.versions, captured.login, captured.notification].map(({ request }) => recorded(request)),
  );
  for (const { headers } of server.requests) {
    assert.match(String(headers["user-agent"]), /^masakari-processmonitor masakari-monitors-ts\/0\.1\.0 node\/\d+/);
  }
});
