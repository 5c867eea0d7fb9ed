import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { loginOfCloud } from "../../../../src/cli/masakari/cloud.ts";
import { Certificates } from "../../../support/certificates.ts";
import { configRoot } from "../../../support/config-root.ts";
import { TestServer } from "../../../support/http-server.ts";

const silent = (): void => undefined;
const published = {
  name: "vendor",
  profile: {
    auth: { auth_url: "https://keystone.vendor.example/{region_name}", user_domain_name: "Default" },
    regions: ["north", { name: "south", values: { interface: "internal" } }],
    api_timeout: 5,
  },
};

/** A vendor with TLS, and how the login of a cloud with a profile there turns out. */
async function vendor(t: TestContext, respond: (response: ServerResponse) => void) {
  const certificates = new Certificates();
  t.after(() => certificates[Symbol.dispose]());
  const { cert, key } = certificates.issue("vendor", "IP:127.0.0.1");
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  const server = await TestServer.start((_, response) => respond(response), tls);
  t.after(async () => await server[Symbol.asyncDispose]());
  const login = async (profile: string, more = "", env: Record<string, string> = {}) => {
    const cloud = `clouds:\n  prod:\n    profile: ${profile}\n    auth: {username: u, password: Sesam, project_id: p}\n${more}`;
    using at = configRoot({ "work/clouds.yaml": cloud });
    const around = { XDG_CONFIG_DIRS: at.path("none"), REQUESTS_CA_BUNDLE: certificates.ca, ...env };
    const context = { env: around, homeDir: at.homeDir, workDir: at.path("work"), out: silent, err: silent };
    return (await loginOfCloud("prod", context)).api;
  };
  return { server, login };
}

const json =
  (body: unknown, status = 200) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  };

test("a profile that is an address is what the vendor publishes there; the cloud's own words win", async (t) => {
  const { server, login } = await vendor(t, json(published));
  const api = await login(`${server.origin}/a/path?query`, "    region_name: south\n    interface: admin\n");
  assert.equal(api.auth_url, "https://keystone.vendor.example/south");
  assert.deepEqual([api.username, api.user_domain_name, api.api_interface], ["u", "Default", "admin"]);
  assert.equal((await login(server.origin)).auth_url, "https://keystone.vendor.example/north");
  assert.equal((await login(server.origin, "", { OS_REGION_NAME: "south" })).api_interface, "internal");
  await assert.rejects(login(server.origin, "", { OS_REGION_NAME: "west" }), /has no region west .*north, south/);
  const asked = server.requests.map(({ method, path, headers }) => [method, path, headers.authorization]);
  assert.deepEqual(asked, Array(4).fill(["GET", "/.well-known/openstack/api", undefined]));
});

test("a profile that is built in by the vendor's own name wins over what the vendor publishes", async (t) => {
  const { server, login } = await vendor(t, json({ ...published, name: "zetta" }));
  const api = await login(server.origin);
  assert.deepEqual([api.auth_url, api.user_domain_name], ["https://identity.api.zetta.io/v3", "Default"]);
});

test("a profile is fetched by https alone: who could change it would get the password", async (t) => {
  const { server, login } = await vendor(t, json(published));
  await assert.rejects(login(server.origin.replace("https", "http")), /must begin with https:\/\//);
  await assert.rejects(login("ftp://vendor.example"), /must begin with https:\/\//);
  await assert.rejects(login(server.origin, "", { REQUESTS_CA_BUNDLE: "" }), /cannot be had: .*certificate/);
  assert.deepEqual(server.requests, []);
});

test("what is no profile is an error that names the server and shows nothing of the response", async (t) => {
  const elsewhere = (response: ServerResponse): void => {
    response.writeHead(302, { Location: "https://other.example/.well-known/openstack/api" }).end();
  };
  const responses: readonly (readonly [(response: ServerResponse) => void, RegExp])[] = [
    [json(published, 404), /responds with 404; write what it stands for into the cloud$/],
    [elsewhere, /cannot be had: .*redirects to https:\/\/other\.example/],
    [json({ name: "vendor" }), /has no profile;/],
    [json({ name: "vendor", profile: ["Sesam"] }), /has no profile;/],
    [json(["Sesam"]), /must be a mapping/],
    [(response) => void response.end("<html>Sesam: [\u001b"), /is not valid YAML|must be a mapping/],
    [(response) => void response.end("x".repeat(70_000)), /cannot be had: /],
    [(response) => void response.destroy(), /cannot be had: /],
    [json({ name: "v", profile: { status: "shutdown", message: "gone" } }), /a cloud that no longer exists: gone/],
  ];
  for (const [respond, expected] of responses) {
    const { server, login } = await vendor(t, respond);
    const error = await login(server.origin).catch((reason: Error) => reason);
    assert.ok(error instanceof Error);
    assert.match(error.message, expected);
    assert.match(error.message, /https:\/\/127\.0\.0\.1:\d+/);
    assert.ok(!/Sesam/.test(error.message) && !error.message.includes("\u001b"));
  }
});

test("a profile of a cloud that no longer exists is refused: somebody else may have its name by now", async (t) => {
  const { login } = await vendor(t, json(published));
  await assert.rejects(login("betacloud"), /betacloud is of a cloud that no longer exists: .*ceased business/);
});

test("a profile that is built in as an address is fetched from there", async (t) => {
  const proxy = createServer();
  const wanted: (string | undefined)[] = [];
  proxy.on("connect", ({ url }, socket) => {
    wanted.push(url);
    socket.destroy();
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  const { login } = await vendor(t, json(published));
  const { port } = proxy.address() as AddressInfo;
  const env = { https_proxy: `http://127.0.0.1:${port}` };
  await assert.rejects(login("vexxhost", "", env), /the profile of https:\/\/vexxhost\.com cannot be had: /);
  assert.equal(wanted[0], "vexxhost.com:443");
});
