import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as connectByTls } from "node:tls";
import { releaseWhenSent } from "../../../../src/control-plane/http/release-when-sent.ts";
import { Certificates } from "../../../support/certificates.ts";

const END_OF_HEADERS = "\r\n\r\n";
/** More than the kernel takes at once. */
const BODY_BYTES = 16 << 20;

type Protocol = "HTTP" | "HTTPS";

function serverOf(protocol: Protocol, listener: RequestListener) {
  if (protocol === "HTTP") return createServer(listener);
  using certificates = new Certificates();
  const { cert, key } = certificates.issue("server", "IP:127.0.0.1");
  return createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, listener);
}

/** Sends this body to a client that does not read yet. */
async function sending(context: TestContext, body: Buffer, protocol: Protocol = "HTTP") {
  const responses: ServerResponse[] = [];
  const server = serverOf(protocol, (_request, response) => {
    responses.push(response);
    response.setHeader("content-length", body.length);
    releaseWhenSent(response, body);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client =
    protocol === "HTTP"
      ? connect(port, "127.0.0.1")
      : connectByTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(server, "request");
  context.after(() => {
    client.destroy();
    server.close();
  });
  return { client, response: responses[0] as ServerResponse };
}

for (const protocol of ["HTTP", "HTTPS"] as const) {
  test(`a large body arrives whole by ${protocol} at a client that reads late, and its memory is given back then`, async (context) => {
    const body = randomBytes(BODY_BYTES);
    const digest = createHash("sha256").update(body).digest("hex");
    const { client, response } = await sending(context, body, protocol);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(body.length, BODY_BYTES, "the kernel does not have all of it");
    const finished = once(response, "finish");
    const parts: Buffer[] = [];
    client.on("data", (part) => parts.push(part)).resume();
    await finished;
    assert.equal(body.length, 0);
    const length = () => parts.reduce((sum, part) => sum + part.length, 0);
    const headLength = () => Buffer.concat(parts.slice(0, 2)).indexOf(END_OF_HEADERS) + END_OF_HEADERS.length;
    while (length() < headLength() + BODY_BYTES) await once(client, "data");
    const received = Buffer.concat(parts).subarray(headLength());
    assert.equal(createHash("sha256").update(received).digest("hex"), digest);
  });
}

test("the body of a client that goes away in the middle is not touched", async (context) => {
  const body = randomBytes(BODY_BYTES);
  const { client, response } = await sending(context, body);
  client.destroy();
  await once(response, "close");
  assert.equal(body.length, BODY_BYTES);
});

test("a small body, or one that shares its memory, is not touched", async (context) => {
  const shared = Buffer.from(new ArrayBuffer(BODY_BYTES), 8, 100_000);
  for (const body of [Buffer.alloc(1000), shared]) {
    const { client, response } = await sending(context, body);
    const { length } = body;
    client.resume();
    if (!response.writableFinished) await once(response, "finish");
    assert.equal(body.length, length);
  }
});
