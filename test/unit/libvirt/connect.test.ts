import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import { connect } from "../../../src/libvirt/connect.ts";
import { AuthError, ConnectError } from "../../../src/libvirt/errors.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { LibvirtServer } from "../../support/libvirt-server.ts";
import { freePort } from "../../support/ports.ts";

const options = { clock: systemClock, log: new KeptLog() };

async function scene(t: TestContext): Promise<LibvirtServer> {
  const server = await LibvirtServer.start();
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "connect-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe("connecting to libvirt", () => {
  it("reports that there is no socket", async (t) => {
    const path = join(await folder(t), "libvirt-sock");
    await assert.rejects(connect(`qemu+unix:///system?socket=${path}`, options), {
      name: ConnectError.name,
      message: `there is no libvirt socket ${path}: is libvirtd (or virtqemud) running on this host?`,
    });
  });

  it("reports that nobody listens", async (t) => {
    const path = join(await folder(t), "libvirt-sock");
    // A process that was killed leaves its socket behind; closing in order would remove it.
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    assert.throws(() => execFileSync(process.execPath, ["-e", script], { stdio: "ignore" }));
    await assert.rejects(connect(`qemu+unix:///system?socket=${path}`, options), /connection refused at .*start it/);
  });

  it("reports that the path is a file, or too long", async (t) => {
    const path = join(await folder(t), "file");
    writeFileSync(path, "");
    await assert.rejects(connect(`qemu+unix:///system?socket=${path}`, options), ConnectError);
    await assert.rejects(
      connect(`qemu+unix:///system?socket=/${"x".repeat(107)}`, options),
      /longer than the 107 bytes/,
    );
  });

  it("names the port that refuses the connection", async () => {
    const port = await freePort();
    const message = new RegExp(`connection refused at 127\\.0\\.0\\.1:${port}: libvirtd needs --listen`);
    await assert.rejects(connect(`qemu+tcp://127.0.0.1:${port}/system`, options), { name: ConnectError.name, message });
  });

  it("is given up in time if the server is silent", async (t) => {
    const path = join(await folder(t), "sock");
    const silent = createServer().listen(path);
    t.after(() => silent.close());
    await assert.rejects(connect(`qemu+unix:///system?socket=${path}`, { ...options, timeoutMs: 2000 }), {
      name: ConnectError.name,
      message: new RegExp(
        `^libvirt at ${path} accepts the connection and does not respond: it hangs, has as many clients as .*\\(after 2 s\\)$`,
      ),
    });
  });

  for (const [what, greet, message] of [
    ["refuses at once", (socket) => socket.end(), /closed the connection without a response.*max_clients/],
    ["is an HTTP server", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n"), /sends "HTTP\/1\.1 400 Bad Request"/],
    ["is an SSH server", (socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"), /sends "SSH-2\.0-OpenSSH_9\.2"/],
    ["is libvirt's TLS port", (socket) => socket.end(Buffer.from("15030300020246", "hex")), /begins with qemu\+tls/],
    ["sends noise", (socket) => socket.end(Buffer.alloc(64, 0xff)), /length would be 4294967295/],
  ] as [string, (socket: Socket) => void, RegExp][]) {
    it(`reports at once that what listens there ${what}`, async (t) => {
      const path = join(await folder(t), "sock");
      const other = createServer(greet).listen(path);
      t.after(() => other.close());
      await assert.rejects(connect(`qemu+unix:///system?socket=${path}`, options), { message });
    });
  }

  it("is given up when the signal aborts, before or in the middle", async (t) => {
    const path = join(await folder(t), "sock");
    const stop = new AbortController();
    const silent = createServer(() => stop.abort(new Error("stopping"))).listen(path);
    t.after(() => silent.close());
    const uri = `qemu+unix:///system?socket=${path}`;
    await assert.rejects(connect(uri, { ...options, signal: stop.signal }), /stopping/);
    await assert.rejects(connect(uri, { ...options, signal: stop.signal }), /stopping/);
  });

  it("asks for the authentication list first, opens read-only as asked, and what the URI names", async (t) => {
    const server = await scene(t);
    const asked: unknown[] = [];
    server.on(procedures.authList, (call) => {
      asked.push("list");
      call.reply({ types: [0] });
    });
    server.on(procedures.connectOpen, (call) => {
      asked.push(call.args);
      call.reply(undefined);
    });
    await (await connect(server.uri, { ...options, readOnly: true })).close();
    assert.deepEqual(asked, ["list", { uri: "qemu:///system", flags: 1 }]);
  });

  it("gives libvirt's error if the driver cannot be opened, and leaves no connection behind", async (t) => {
    const server = await scene(t);
    server.on(procedures.connectOpen, (call) => call.fail(5, "no connection driver available"));
    const closed = new Promise((resolve) => {
      server.on(procedures.authList, (call) => {
        call.client.socket.once("close", resolve);
        call.reply({ types: [] });
      });
    });
    await assert.rejects(connect(server.uri, options), { code: "LIBVIRT_SERVER", number: 5 });
    await closed;
  });

  it("gives what to do when polkit refuses", async (t) => {
    const server = await scene(t);
    server.on(procedures.authList, (call) => call.reply({ types: [2] }));
    server.on(procedures.authPolkit, (call) => call.fail(94, "no polkit agent available"));
    await assert.rejects(connect(server.uri, options), {
      name: AuthError.name,
      message: /no polkit agent available.*group libvirt, or write a polkit rule/,
    });
    server.on(procedures.authPolkit, (call) => call.reply({ complete: 1 }));
    await (await connect(server.uri, options)).close();
  });

  it("names an authentication that is not known, and one that the URI rules out", async (t) => {
    const server = await scene(t);
    server.on(procedures.authList, (call) => call.reply({ types: [9] }));
    await assert.rejects(connect(server.uri, options), /wants authentication type 9/);
    server.on(procedures.authList, (call) => call.reply({ types: [2] }));
    await assert.rejects(connect(`${server.uri}&auth=sasl`, options), /wants polkit, but the URI has auth=sasl/);
  });

  it("does not go on without the login that the URI asks for, whatever the server replies", async (t) => {
    const server = await scene(t);
    for (const types of [[], [0]]) {
      server.on(procedures.authList, (call) => call.reply({ types }));
      await assert.rejects(connect(`${server.uri}&auth=sasl`, options), /wants none, but the URI has auth=sasl/);
    }
  });
});

describe("logging in by SASL", () => {
  async function saslScene(t: TestContext, mechanisms: string): Promise<{ server: LibvirtServer; uri: string }> {
    const server = await scene(t);
    const file = join(await folder(t), "auth.conf");
    const lines = [
      "# a comment",
      "[credentials-c]",
      "authname = nova",
      "password=s3cret",
      "[auth-libvirt-localhost]",
      "credentials=c",
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    server.on(procedures.authList, (call) => call.reply({ types: [1] }));
    server.on(procedures.authSaslInit, (call) => call.reply({ mechanisms }));
    return { server, uri: `${server.uri}&authfile=${file}` };
  }

  it("names the mechanisms when it speaks none of them", async (t) => {
    const { uri } = await saslScene(t, "GSSAPI,GSS-SPNEGO");
    await assert.rejects(connect(uri, options), {
      name: AuthError.name,
      message: /offers the SASL mechanisms GSSAPI, GSS-SPNEGO; this client speaks SCRAM-SHA-256.*mech_list/,
    });
  });

  it("reports that the server has no mechanism to offer", async (t) => {
    const { server, uri } = await saslScene(t, "");
    server.on(procedures.authSaslInit, (call) => call.fail(45, "authentication failed: authentication failed"));
    await assert.rejects(connect(uri, options), {
      name: AuthError.name,
      message: /no SASL mechanism to offer: see mech_list/,
    });
  });

  it("is given up in time if auth.conf cannot be read to its end", { timeout: 30_000 }, async (t) => {
    const { server } = await saslScene(t, "PLAIN");
    const path = await mkdtemp(join(tmpdir(), "connect-"));
    const fifo = join(path, "auth.conf");
    execFileSync("/usr/bin/mkfifo", [fifo]);
    t.after(async () => {
      // Whoever opens it for reading waits for somebody who may write.
      closeSync(openSync(fifo, "r+"));
      await rm(path, { recursive: true, force: true });
    });
    const uri = `${server.uri}&authfile=${fifo}`;
    await assert.rejects(
      connect(uri, { ...options, timeoutMs: 2000 }),
      /responds, but .*auth\.conf cannot be read \(after 2 s\)/,
    );
  });

  it("takes the best mechanism, with the credentials of auth.conf", async (t) => {
    const { server, uri } = await saslScene(t, "ANONYMOUS,PLAIN");
    server.on(procedures.authSaslStart, (call) => {
      assert.equal(call.args.mechanism, "PLAIN");
      assert.equal(call.args.data?.toString(), "\0nova\0s3cret");
      call.reply({ complete: 1, data: undefined });
    });
    await (await connect(uri, options)).close();
  });

  for (const [what, complete, first] of [
    ["replies at once that all is well", 1, (nonce: string) => `r=${nonce}more,s=QUJD,i=4096`],
    ["replies that without a word", 1, () => undefined],
    ["answers with another nonce", 0, () => "r=none,s=QUJD,i=4096"],
  ] as const) {
    it(`does not trust a server that ${what}`, async (t) => {
      const { server, uri } = await saslScene(t, "SCRAM-SHA-256");
      server.on(procedures.authSaslStart, (call) => {
        const data = first(call.args.data?.toString().replace(/^.*r=/, "") ?? "");
        call.reply({ complete, data: data === undefined ? undefined : Buffer.from(data) });
      });
      await assert.rejects(connect(uri, options), AuthError);
    });
  }

  it("does not trust a server that cannot prove that it knows the password", async (t) => {
    const { server, uri } = await saslScene(t, "SCRAM-SHA-1");
    server.on(procedures.authSaslStart, (call) => {
      const nonce = call.args.data?.toString().replace(/^.*r=/, "");
      call.reply({ complete: 0, data: Buffer.from(`r=${nonce}more,s=QUJD,i=4096`) });
    });
    server.on(procedures.authSaslStep, (call) => call.reply({ complete: 1, data: Buffer.from("v=AAAA") }));
    await assert.rejects(connect(uri, options), (error: unknown) => {
      assert.ok(error instanceof AuthError);
      assert.match(error.message, /did not prove that it knows the password/);
      assert.ok(!inspect(error, { depth: 9 }).includes("s3cret"));
      return true;
    });
  });

  it("does not go on for ever with a server that asks for ever", async (t) => {
    const { server, uri } = await saslScene(t, "PLAIN");
    server.on(procedures.authSaslStart, (call) => call.reply({ complete: 0, data: Buffer.alloc(0) }));
    server.on(procedures.authSaslStep, (call) => call.reply({ complete: 0, data: Buffer.alloc(0) }));
    await assert.rejects(connect(uri, options), /asks on after 5 steps/);
  });

  for (const [what, lines, message] of [
    [
      "no section for the host",
      ["[auth-libvirt-other]"],
      /has neither \[auth-libvirt-localhost\] nor \[auth-libvirt-default\]/,
    ],
    ["no credentials in it", ["[auth-libvirt-default]"], /no credentials=NAME/],
    ["no such credentials", ["[auth-libvirt-default]", "credentials=x"], /no section \[credentials-x\]/],
    [
      "no password",
      ["[auth-libvirt-default]", "credentials=x", "[credentials-x]", "authname=nova"],
      /\[credentials-x\] has no password=/,
    ],
  ] as const) {
    it(`names what auth.conf lacks: ${what}`, async (t) => {
      const { server } = await saslScene(t, "PLAIN");
      const file = join(await folder(t), "auth.conf");
      writeFileSync(file, lines.join("\n"));
      await assert.rejects(connect(`${server.uri}&authfile=${file}`, options), { name: AuthError.name, message });
    });
  }
});
