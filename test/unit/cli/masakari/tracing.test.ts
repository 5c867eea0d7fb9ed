import assert from "node:assert/strict";
import { test } from "node:test";
import { maskedJson } from "../../../../src/cli/masakari/mask.ts";
import { type ControlPlane, startControlPlane } from "../../../../src/control-plane/control-plane.ts";
import { TestServer } from "../../../support/http-server.ts";
import { KeptLog } from "../../../support/kept-log.ts";
import { runMasakariCommand } from "../../../support/masakari-command.ts";

const password = "operator-secret-of-tests";

async function withCloud(use: (cloud: ControlPlane, env: Record<string, string>) => Promise<void>): Promise<void> {
  const user = { name: "masakari", password, project: "service", roles: ["admin"] as const };
  const cloud = await startControlPlane({ database: ":memory:", users: [user], log: new KeptLog() });
  try {
    await use(cloud, {
      OS_AUTH_URL: cloud.keystoneUrl,
      OS_USERNAME: "masakari",
      OS_PASSWORD: password,
      OS_PROJECT_NAME: "service",
      OS_USER_DOMAIN_NAME: "Default",
      OS_PROJECT_DOMAIN_NAME: "Default",
    });
  } finally {
    await cloud.close();
  }
}

test("--debug shows each request and response, and no secret of any login", async () => {
  await withCloud(async (cloud, env) => {
    const { status, out, err } = await runMasakariCommand(["--debug", "segment", "list", "-f", "json"], env);
    assert.deepEqual([status, out], [0, "[]\n"]);
    assert.ok(err.includes(`REQ: POST ${cloud.keystoneUrl}/auth/tokens `), err);
    assert.match(err, /^REQ BODY: .*"user":\{"password":"\*\*\*"/m);
    assert.match(err, /x-subject-token: \*\*\*/);
    assert.match(err, /^REQ: GET .*\/v1\/segments \{.*X-Auth-Token: \*\*\*\}$/m);
    assert.match(err, /^RESP: 200 after \d+ ms /m);
    assert.match(err, /^RESP BODY: \{"segments":\[\]\}$/m);
    assert.ok(!err.includes(password));

    const token = { ...env, OS_USERNAME: "", OS_PASSWORD: "", OS_TOKEN: "gAAAA-a-token-that-is-none" };
    const refused = await runMasakariCommand(["--debug", "segment", "list"], token);
    assert.equal(refused.status, 1);
    assert.match(refused.err, /"token":\{"id":"\*\*\*"\}/);
    assert.ok(!refused.err.includes("gAAAA-a-token"));

    const { OS_AUTH_URL = "" } = env;
    const credential = {
      OS_AUTH_URL,
      OS_APPLICATION_CREDENTIAL_ID: "some-id",
      OS_APPLICATION_CREDENTIAL_SECRET: "an-application-secret",
    };
    const { err: third } = await runMasakariCommand(["--debug", "segment", "list"], credential);
    assert.match(third, /"application_credential":\{.*"secret":"\*\*\*"/);
    assert.ok(!third.includes("an-application-secret"));
  });
});

test("--debug masks a secret that a server quotes, and shows nothing that moves a cursor", async () => {
  await using server = await TestServer.start((_, response) => {
    response.writeHead(401, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ error: { message: `no login with ${password}\u009b2J`, code: 401 } }));
  });
  const env = {
    OS_AUTH_URL: `${server.origin}/v3`,
    OS_USERNAME: "u",
    OS_PASSWORD: password,
    OS_PROJECT_NAME: "p",
    OS_USER_DOMAIN_ID: "default",
    OS_PROJECT_DOMAIN_ID: "default",
  };
  const { status, err } = await runMasakariCommand(["--debug", "segment", "list"], env);
  assert.equal(status, 1);
  assert.match(err, /no login with \*\*\*/);
  assert.ok(!err.includes(password));
  assert.doesNotMatch(err, /(?!\n)\p{Cc}/u);
});

test("--debug and --timing mask what a URL has of a login", async () => {
  const login = {
    OS_USERNAME: "u",
    OS_PASSWORD: password,
    OS_PROJECT_NAME: "p",
    OS_USER_DOMAIN_ID: "d",
    OS_PROJECT_DOMAIN_ID: "d",
  };
  for (const OS_AUTH_URL of [
    "http://bob:Hunter2-x@127.0.0.1:1/v3",
    "http://bob:Hunter2@x@127.0.0.1:1/v3",
    "http://127.0.0.1:1/v3?a=b&auth_token=Hunter2-x",
  ]) {
    const { err } = await runMasakariCommand(["--debug", "--timing", "segment", "list"], { ...login, OS_AUTH_URL });
    assert.match(err, /REQ: GET http:\/\/.*\*\*\*/);
    assert.doesNotMatch(err, /Hunter2/);
  }
});

test("--debug masks secrets that are numbers, or in a list", () => {
  const shown = maskedJson(
    '{"password": 123, "tokens": ["a", "b"], "password_hash": "c", "token": {"expires": "d"}, "id": 5}',
  );
  assert.equal(shown, '{"password":"***","tokens":"***","password_hash":"***","token":{"expires":"d"},"id":5}');
});

test("--timing lists the requests on standard error", async () => {
  await withCloud(async (cloud, env) => {
    const { status, out, err } = await runMasakariCommand(["--timing", "segment-list", "-f", "csv"], env);
    assert.equal(status, 0);
    assert.match(out, /^"uuid","name",.*\n$/);
    assert.match(err, /^\n\+-+\+-+\+\n\| URL +\| +Seconds \|\n/);
    assert.ok(err.includes(`| GET ${cloud.masakariUrl}/segments `), err);
    assert.match(err, /^\| Total +\| +[\d.]+ \|$/m);
  });
});
