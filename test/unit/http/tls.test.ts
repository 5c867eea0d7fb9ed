import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { ServerOptions } from "node:https";
import { connect } from "node:net";
import { after, suite, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { TlsError } from "../../../src/http/errors.ts";
import type { Environment } from "../../../src/http/proxy.ts";
import type { TlsOptions } from "../../../src/http/tls.ts";
import { createTransport } from "../../../src/http/transport.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { Certificates } from "../../support/certificates.ts";
import { TestServer } from "../../support/http-server.ts";

const certificates = new Certificates();
after(() => certificates[Symbol.dispose]());
const server = certificates.issue("server", "IP:127.0.0.1");
const client = certificates.issue("compute1", "DNS:compute1");
const signal = new AbortController().signal;

const identity = (files: { cert: string; key: string }): ServerOptions => ({
  cert: readFileSync(files.cert),
  key: readFileSync(files.key),
});

/** The response of a server with these TLS options: the name in the client's certificate, if it gave one. */
async function ask(tls: ServerOptions, options: TlsOptions, environment: Environment = {}): Promise<string> {
  await using listening = await TestServer.start((_, response) => {
    const subject = (response.socket as TLSSocket).getPeerCertificate().subject;
    response.end(`hello ${subject?.CN ?? "nobody"}`);
  }, tls);
  const transport = createTransport({
    userAgent: "test",
    clock: systemClock,
    timeoutMs: 60_000,
    environment,
    proxyLoopback: true,
    optionNames: { cafile: "[api] cafile", certfile: "[api] certfile", keyfile: "[api] keyfile" },
    ...options,
  });
  try {
    const url = `${listening.origin}/v3`;
    const response = await transport.send({ method: "GET", url, peer: "Keystone", headers: {} }, signal);
    return response.body.toString();
  } finally {
    transport.close();
  }
}

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof TlsError, String(error));
  assert.match(error.message, pattern);
  return true;
};

suite("the server's certificate", () => {
  test("is believed when cafile signed it", async () => {
    assert.equal(await ask(identity(server), { cafile: certificates.ca }), "hello nobody");
  });

  test("is believed when REQUESTS_CA_BUNDLE signed it, as the Python monitors do", async () => {
    assert.equal(await ask(identity(server), {}, { REQUESTS_CA_BUNDLE: certificates.ca }), "hello nobody");
  });

  test("is not believed without its CA, and the message names cafile", async () => {
    await assert.rejects(
      ask(identity(server), {}),
      refused(
        /no secure connection to Keystone at https:\/\/127\.0\.0\.1:\d+: .*not signed by a CA.*set \[api\] cafile/,
      ),
    );
  });

  test("is believed when the CA is given as text, as a kubeconfig holds it", async () => {
    assert.equal(await ask(identity(server), { ca: readFileSync(certificates.ca, "utf8") }), "hello nobody");
  });

  test("is not believed without its CA, and without names for the options the message has the transport's own", async () => {
    await assert.rejects(ask(identity(server), { optionNames: undefined }), refused(/set cafile to the CA's PEM file/));
  });

  test("is believed as soon as the CA file is corrected, without a new transport", async () => {
    await using listening = await TestServer.start((_, response) => void response.end("ok"), identity(server));
    using others = new Certificates();
    const cafile = certificates.write("corrected.pem", readFileSync(others.ca, "utf8"));
    const transport = createTransport({ userAgent: "test", clock: systemClock, timeoutMs: 60_000, cafile });
    const request = { method: "GET", url: listening.origin, peer: "Consul", headers: {} } as const;
    await assert.rejects(transport.send(request, signal), refused(/not signed by a CA/));
    certificates.write("corrected.pem", readFileSync(certificates.ca, "utf8"));
    assert.equal((await transport.send(request, signal)).status, 200);
    transport.close();
  });

  test("is not looked at with insecure", async () => {
    assert.equal(await ask(identity(server), { insecure: true }), "hello nobody");
  });

  test("of another name is refused", async () => {
    const other = certificates.issue("other", "DNS:other.example.com");
    await assert.rejects(ask(identity(other), { cafile: certificates.ca }), refused(/is for another name/));
  });

  test("that has expired is refused", async () => {
    const old = certificates.issue("old", "IP:127.0.0.1", -1);
    await assert.rejects(ask(identity(old), { cafile: certificates.ca }), refused(/has expired.*clock/));
  });

  test("cannot come from a server that speaks plain HTTP", async () => {
    await using plain = await TestServer.start((_, response) => void response.end());
    const transport = createTransport({ userAgent: "test", clock: systemClock, timeoutMs: 60_000 });
    const url = plain.origin.replace("http:", "https:");
    await assert.rejects(
      transport.send({ method: "GET", url, peer: "Keystone", headers: {} }, signal),
      refused(/does not speak TLS: should the URL begin with http:/),
    );
    transport.close();
  });
});

test("the server's certificate is checked through a proxy too", async () => {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    const [host, port] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on("error", () => undefined);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  const environment = { https_proxy: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}` };
  const both = { cafile: certificates.ca, certfile: client.cert, keyfile: client.key };
  const demanding = { ...identity(server), ca: readFileSync(certificates.ca), requestCert: true };
  assert.equal(await ask(demanding, both, environment), "hello compute1");
  await assert.rejects(ask(identity(server), {}, environment), refused(/not signed by a CA/));
  assert.equal(asked.length, 2);
  proxy.close();
});

suite("our certificate", () => {
  const demanding: ServerOptions = {
    ...identity(server),
    ca: readFileSync(certificates.ca),
    requestCert: true,
    rejectUnauthorized: true,
  };

  test("is given, with its key in a file of its own", async () => {
    const options = { cafile: certificates.ca, certfile: client.cert, keyfile: client.key };
    assert.equal(await ask(demanding, options), "hello compute1");
  });

  test("is given, with its key in the same file", async () => {
    const both = certificates.write("both.pem", readFileSync(client.cert, "utf8") + readFileSync(client.key, "utf8"));
    assert.equal(await ask(demanding, { cafile: certificates.ca, certfile: both }), "hello compute1");
  });

  test("is given as text, with its key", async () => {
    const [cert, key] = [readFileSync(client.cert, "utf8"), readFileSync(client.key, "utf8")];
    assert.equal(await ask(demanding, { cafile: certificates.ca, cert, key }), "hello compute1");
  });

  test("is missed by a server that demands it, and the message names that", async () => {
    await assert.rejects(
      ask(demanding, { cafile: certificates.ca }),
      refused(/demands a client certificate: set \[api\] certfile and \[api\] keyfile/),
    );
  });
});

suite("a file that cannot be used is named, with its option", () => {
  test("missing", async () => {
    await assert.rejects(
      ask(identity(server), { cafile: "/nonexistent/ca.pem" }),
      refused(/cannot read \[api\] cafile \/nonexistent/),
    );
  });

  test("a device, or a pipe that nobody writes to", async () => {
    const pipe = certificates.write("pipe", "");
    rmSync(pipe);
    execFileSync("mkfifo", [pipe]);
    for (const cafile of ["/dev/zero", pipe]) {
      await assert.rejects(ask(identity(server), { cafile }), refused(/cafile .*: it is not a regular file/));
    }
  });

  test("not PEM", async () => {
    const cafile = certificates.write("notes.txt", "the CA is on the share");
    await assert.rejects(ask(identity(server), { cafile }), refused(/cafile .*notes\.txt contains no PEM/));
  });

  test("a certificate with the key of another", async () => {
    const options = { cafile: certificates.ca, certfile: client.cert, keyfile: server.key };
    await assert.rejects(ask(identity(server), options), refused(/cannot use the certificates in .*compute1\.pem/));
  });
});
