import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Access } from "../../../../src/host/kubernetes/access.ts";
import { AccessError } from "../../../../src/host/kubernetes/errors.ts";
import { readAccess } from "../../../../src/host/kubernetes/read-access.ts";

const folder = mkdtempSync(join(tmpdir(), "kubernetes-access-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

function kubeconfig(user: string, cluster = "server: https://api.example:6443/"): string {
  return `apiVersion: v1
kind: Config
current-context: c
contexts:
- { name: c, context: { cluster: k, user: u } }
- { name: other, context: { cluster: missing, user: u } }
clusters:
- name: k
  cluster: { ${cluster} }
users:
- name: u
  user: { ${user} }
`;
}

async function read(content: string, context = ""): Promise<Access> {
  return await readAccess({ kubeconfig: file("config", content), context }, {});
}

async function refusal(content: string, context = ""): Promise<string> {
  const error = await read(content, context).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(error instanceof AccessError, String(error));
  return error.message;
}

test("in a pod, server and token are the service account's", async () => {
  file("token", "t0ken\n");
  const environment = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "6443" };
  const access = await readAccess({ kubeconfig: "", context: "" }, environment, folder);
  assert.equal(access.server, "https://10.0.0.1:6443");
  assert.equal(access.tls.cafile, join(folder, "ca.crt"));
  assert.deepEqual(access.credentials, { kind: "token", token: "t0ken\n" });
  const ipv6 = await readAccess({ kubeconfig: "", context: "" }, { KUBERNETES_SERVICE_HOST: "fd00::1" }, folder);
  assert.equal(ipv6.server, "https://[fd00::1]:443");
});

test("outside of a pod a kubeconfig is asked for", async () => {
  await assert.rejects(readAccess({ kubeconfig: "", context: "" }, {}), /kubeconfig is empty/);
  await assert.rejects(readAccess({ kubeconfig: join(folder, "none"), context: "" }, {}), /cannot read .*none/);
});

test("a kubeconfig yields server, CA, token, client certificate and key, as data and as files", async () => {
  const data = Buffer.from(PEM).toString("base64");
  const asData = `client-certificate-data: ${data}, client-key-data: ${data}`;
  const access = await read(kubeconfig(asData, `server: "https://a:1", certificate-authority-data: ${data}`));
  assert.deepEqual(access.tls, { ca: PEM, cert: PEM, key: PEM });
  const asFiles = "token: abc, client-certificate: pki/c.crt, client-key: /etc/c.key";
  const other = await read(kubeconfig(asFiles, 'server: "https://a:1/", certificate-authority: ca.crt'));
  assert.equal(other.server, "https://a:1");
  const expected = { cafile: join(folder, "ca.crt"), certfile: join(folder, "pki/c.crt"), keyfile: "/etc/c.key" };
  assert.deepEqual(other.tls, expected);
  assert.deepEqual(other.credentials, { kind: "token", token: "abc" });
});

test("a tokenFile is read again each time, and takes precedence over a token", async () => {
  file("t", "one\n");
  const content = kubeconfig("token: old, tokenFile: t");
  assert.deepEqual((await read(content)).credentials, { kind: "token", token: "one\n" });
  file("t", "two\n");
  assert.deepEqual((await read(content)).credentials, { kind: "token", token: "two\n" });
});

test("insecure-skip-tls-verify is taken", async () => {
  const access = await read(kubeconfig("token: abc", 'server: "https://a", insecure-skip-tls-verify: true'));
  assert.equal(access.tls.insecure, true);
});

test("what needs a program or another login is refused by its name", async () => {
  assert.match(await refusal(kubeconfig("exec: { command: aws }")), /with a program \(exec\), which is not supported/);
  assert.match(await refusal(kubeconfig("auth-provider: { name: oidc }")), /auth-provider/);
  assert.match(await refusal(kubeconfig("as: admin")), /impersonates/);
});

test("what is missing or malformed is an error that names it, and never shows a value", async () => {
  assert.match(await refusal(kubeconfig("token: s3cret"), "nope"), /no context nope/);
  assert.match(await refusal(kubeconfig("token: s3cret"), "other"), /context other names no cluster/);
  assert.match(await refusal("a: 1"), /no current-context/);
  const malformed = ["users: [s3cret", "users: s3cret", kubeconfig("token: [s3cret]"), "- s3cret", "s3cret", ""];
  for (const content of malformed) assert.doesNotMatch(await refusal(content), /s3cret/);
  assert.match(await refusal(kubeconfig("token: t", "server: api.example")), /not an https:\/\/ URL/);
});
