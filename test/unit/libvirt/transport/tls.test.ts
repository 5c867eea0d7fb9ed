import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { ConnectError } from "../../../../src/libvirt/errors.ts";
import { openTls } from "../../../../src/libvirt/transport/tls.ts";
import { Certificates } from "../../../support/certificates.ts";

const ca = new Certificates();
after(() => ca[Symbol.dispose]());
const server = ca.issue("server", "IP:127.0.0.1");
const client = ca.issue("client", "DNS:compute-1");

/** A folder as `pkipath=` takes it. */
function pki(name: string, cert = client.cert, key = client.key): string {
  const folder = join(ca.folder, name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(ca.ca, join(folder, "cacert.pem"));
  copyFileSync(cert, join(folder, "clientcert.pem"));
  copyFileSync(key, join(folder, "clientkey.pem"));
  return folder;
}

async function open(t: TestContext, listening: Server, pkiPath = pki("good")) {
  const sockets = new Set<Socket>();
  listening.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  const { port } = listening.address() as AddressInfo;
  const transport = { kind: "tls", host: "127.0.0.1", port, pkiPath, verify: true } as const;
  const stream = await openTls(transport, AbortSignal.timeout(60_000));
  t.after(() => stream.socket.destroy());
  return stream.socket;
}

/** A TLS server that does `act` with whoever has shaken hands. */
function greeting(act: (socket: Socket) => void): Server {
  const credentials = { cert: readFileSync(server.cert), key: readFileSync(server.key) };
  return createTlsServer({ ...credentials, requestCert: true, rejectUnauthorized: false }, act);
}

const refused = /the server does not accept our certificate or address.*it needs a valid client certificate/;

describe("TLS to libvirt", () => {
  it("hands on what comes together with the server's verdict", async (t) => {
    const socket = await open(
      t,
      greeting((peer) => peer.write(Buffer.from("\u0001and more"))),
    );
    let read = "";
    const done = new Promise<void>((resolve) =>
      socket.on("data", (chunk) => {
        read += chunk.toString();
        if (read.length >= 8) resolve();
      }),
    );
    socket.resume();
    await done;
    assert.equal(read, "and more");
  });

  for (const [what, act] of [
    ["refuses", (peer: Socket) => void peer.write(Buffer.from([0]))],
    ["sends a lot that is neither yes nor no", (peer: Socket) => void peer.write(Buffer.alloc(1_000_000, 2))],
    ["closes without a word", (peer: Socket) => void peer.end()],
  ] as const) {
    it(`reports that the certificate is not accepted if the server ${what}`, async (t) => {
      await assert.rejects(open(t, greeting(act)), { name: ConnectError.name, message: refused });
    });
  }

  for (const [what, act] of [
    ["answers in another protocol", (peer: Socket) => void peer.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["closes", (peer: Socket) => void peer.end()],
    ["breaks off", (peer: Socket) => void peer.resetAndDestroy()],
  ] as const) {
    it(`reports that it is no TLS port if what listens there ${what}`, async (t) => {
      const listening = createServer((socket) => socket.once("data", () => act(socket)));
      await assert.rejects(open(t, listening), (error: unknown) => {
        assert.ok(error instanceof ConnectError);
        assert.match(error.message, /does not speak TLS \([^)\n]+\): is it libvirt's TLS port/);
        return true;
      });
    });
  }

  it("names the files that do not belong together, or are none", async (t) => {
    for (const folder of [pki("mismatch", client.cert, server.key), pki("junk", import.meta.filename)]) {
      const listening = greeting((peer) => peer.write(Buffer.from([1])));
      await assert.rejects(open(t, listening, folder), {
        name: ConnectError.name,
        message: /these certificates cannot be used \(.+\): .*cacert\.pem, .*clientcert\.pem$/,
      });
    }
  });
});
