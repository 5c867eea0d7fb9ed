import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { ApiClient } from "../../../../src/host/kubernetes/client.ts";
import type { TlsOptions } from "../../../../src/http/tls.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { Certificates } from "../../../support/certificates.ts";
import { TestServer } from "../../../support/http-server.ts";
import { response } from "./captures.ts";

const certificates = new Certificates();
const other = new Certificates();
after(() => {
  certificates[Symbol.dispose]();
  other[Symbol.dispose]();
});

/** What a list from a server with a certificate of `certificates` comes to. */
async function listed(tls: TlsOptions): Promise<number> {
  const { cert, key } = certificates.issue("server", "IP:127.0.0.1");
  const files = { cert: readFileSync(cert), key: readFileSync(key) };
  await using server = await TestServer.start((_, http) => void http.end(response("01-list").body), files);
  const access = { server: server.origin, tls, credentials: { kind: "none" } as const };
  const client = new ApiClient({ clock: systemClock, readAccess: () => Promise.resolve(access) });
  try {
    return (await client.list("", new AbortController().signal)).nodes.length;
  } finally {
    client.close();
  }
}

test("the server is trusted by the CA of the configuration alone, as a file or as text", async () => {
  assert.equal(await listed({ cafile: certificates.ca }), 3);
  assert.equal(await listed({ ca: readFileSync(certificates.ca, "utf8") }), 3);
  await assert.rejects(
    listed({ cafile: other.ca }),
    /set certificate-authority of the kubeconfig to the CA's PEM file/,
  );
  await assert.rejects(
    listed({ cafile: other.ca, optionNames: { cafile: "the service account's ca.crt" } }),
    /set the service account's ca.crt/,
  );
});

test("insecure-skip-tls-verify trusts any certificate", async () => {
  assert.equal(await listed({ insecure: true }), 3);
});
