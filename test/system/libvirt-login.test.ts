import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { inspect } from "node:util";
import { AuthError, ConnectError, type DomainEvent } from "../../src/libvirt/mod.ts";
import { Certificates } from "../support/certificates.ts";
import { describeWithLibvirtd, Seen } from "./libvirt/suite.ts";

// Whatever a password may hold, and UTF-8 too: Latin-1 is a case of its own in DIGEST-MD5.
const password = 'pä=ss, "wörd"\\';
const user = { user: "nova", realm: "cloud", password };
const sasl = { ...user, mechanisms: "scram-sha-256 scram-sha-1 digest-md5 plain" };

const ca = new Certificates();
after(() => ca[Symbol.dispose]());

/** A folder as `pkipath=` takes it. */
function pki(name: string, authority: Certificates, client?: { cert: string; key: string }): string {
  const folder = join(ca.folder, name);
  mkdirSync(folder);
  copyFileSync(authority.ca, join(folder, "cacert.pem"));
  if (client) {
    copyFileSync(client.cert, join(folder, "clientcert.pem"));
    copyFileSync(client.key, join(folder, "clientkey.pem"));
  }
  return folder;
}

function authFile(name: string, lines: readonly string[]): string {
  const file = join(ca.folder, name);
  const section = ["[credentials-compute]", ...lines, "[auth-libvirt-default]", "credentials=compute", ""];
  writeFileSync(file, section.join("\n"), { mode: 0o600 });
  return file;
}

const written = password.replaceAll("\\", "\\\\");
const right = authFile("right.conf", ["authname=nova", "realm=cloud", `password=${written}`]);
const withRealm = authFile("with-realm.conf", ["authname=nova@cloud", `password=${written}`]);
const wrong = authFile("wrong.conf", ["authname=nova@cloud", "password=not-the-secret"]);

await describeWithLibvirtd("logging in to a real libvirtd", { auth: "sasl", sasl, tcp: true, tls: ca }, (host) => {
  const unix = (mechanism: string, file: string) =>
    `test+unix:///default?socket=${host().libvirtd.socket}&auth=sasl.${mechanism}&authfile=${file}`;
  const tcp = (file: string) => `test+tcp://127.0.0.1:${host().libvirtd.tcpPort}/default?authfile=${file}`;
  const tls = (folder: string) =>
    `test+tls://127.0.0.1:${host().libvirtd.tlsPort}/default?pkipath=${folder}&authfile=${withRealm}`;

  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1", "DIGEST-MD5", "PLAIN"]) {
    it(`logs in by ${mechanism} over a unix socket`, async (t) => {
      const connection = await host().connect(t, { uri: unix(mechanism, withRealm) });
      assert.equal((await connection.listDomains()).length, 1);
    });

    it(`names neither password when ${mechanism} is refused`, async (t) => {
      await assert.rejects(host().connect(t, { uri: unix(mechanism, wrong) }), (error: unknown) => {
        assert.ok(error instanceof AuthError);
        assert.match(error.message, new RegExp(`nova@cloud.*${mechanism}.*wrong\\.conf`));
        assert.ok(!inspect(error, { depth: 9 }).includes("not-the-secret"));
        return true;
      });
    });
  }

  for (const [how, file] of [
    ["a realm", right],
    ["user@realm", withRealm],
  ] as const) {
    it(`encrypts by DIGEST-MD5 over plain TCP, with ${how} in auth.conf`, async (t) => {
      const connection = await host().connect(t, { uri: tcp(file) });
      const seen = new Seen<DomainEvent>();
      await connection.registerEvents(["lifecycle"], seen.push);
      // Longer than one SASL packet, in both directions.
      const description = "0123456789".repeat(20_000);
      const domain = await connection.createDomain(
        `<domain type='test'><name>long</name><description>${description}</description><memory>1024</memory><os><type>hvm</type></os></domain>`,
      );
      assert.ok((await connection.xml(domain)).includes(description));
      await connection.destroyDomain(domain);
      const stopped = await seen.first((event) => event.kind === "lifecycle" && event.eventName === "STOPPED");
      assert.equal(stopped.domain.name, "long");
    });
  }

  it("refuses a wrong password over plain TCP", async (t) => {
    await assert.rejects(host().connect(t, { uri: tcp(wrong) }), AuthError);
  });

  it("does not send a password in the clear over plain TCP, even if asked to", async (t) => {
    await assert.rejects(host().connect(t, { uri: `${tcp(right)}&auth=sasl.PLAIN` }), {
      code: "LIBVIRT_AUTH",
      message: /auth=sasl.PLAIN cannot be used over plain TCP/,
    });
  });

  it("names the file in which the credentials should be", async (t) => {
    await assert.rejects(host().connect(t, { uri: tcp("/nowhere/auth.conf") }), {
      code: "LIBVIRT_AUTH",
      message: /\/nowhere\/auth\.conf cannot be read \(ENOENT\)/,
    });
  });

  it("logs in over TLS with a certificate of the server's CA", async (t) => {
    const folder = pki("good", ca, ca.issue("client", "DNS:compute-1"));
    const connection = await host().connect(t, { uri: tls(folder) });
    assert.equal((await connection.listDomains()).length, 1);
  });

  it("checks the server's name over TLS, unless that is switched off", async (t) => {
    const folder = pki("other-name", ca, ca.issue("client-2", "DNS:compute-1"));
    // The server's certificate is for the address, not for the name.
    const uri = tls(folder).replace("127.0.0.1", "localhost");
    await assert.rejects(host().connect(t, { uri }), /the server's certificate is for another host/);
    const connection = await host().connect(t, { uri: `${uri}&no_verify=1` });
    assert.equal((await connection.listDomains()).length, 1);
  });

  it("reports that the port is not TLS's", async (t) => {
    const folder = pki("wrong-port", ca, ca.issue("client-3", "DNS:compute-1"));
    const uri = tls(folder).replace(`:${host().libvirtd.tlsPort}`, `:${host().libvirtd.tcpPort}`);
    await assert.rejects(host().connect(t, { uri }), { name: ConnectError.name, message: /does not speak TLS/ });
  });

  it("reports that a client certificate has to be valid", async (t) => {
    const folder = pki("expired", ca, ca.issue("client-4", "DNS:compute-1", -1));
    await assert.rejects(host().connect(t, { uri: tls(folder) }), /it needs a valid client certificate/);
  });

  it("reports that TLS needs a client certificate", async (t) => {
    await assert.rejects(host().connect(t, { uri: tls(pki("none", ca)) }), (error: unknown) => {
      assert.ok(error instanceof ConnectError);
      assert.match(error.message, /does not accept our certificate.*there is no client certificate .*clientcert\.pem/);
      return true;
    });
  });

  it("does not trust a server whose CA is another", async (t) => {
    using other = new Certificates();
    await assert.rejects(host().connect(t, { uri: tls(pki("other", other, other.issue("client", "DNS:x"))) }), {
      code: "LIBVIRT_CONNECT",
      message: /TLS failed/,
    });
  });

  it("names the CA file that is missing", async (t) => {
    await assert.rejects(host().connect(t, { uri: tls("/nowhere") }), {
      code: "LIBVIRT_CONNECT",
      message: /there is no \/nowhere\/cacert\.pem/,
    });
  });
});

await describeWithLibvirtd("a real libvirtd that asks polkit", { auth: "polkit" }, (host) => {
  it("lets root in without polkit, since the authentication list was asked for", async (t) => {
    const connection = await host().connect(t, { uri: host().libvirtd.testUri });
    assert.equal((await connection.listDomains()).length, 1);
  });
});

const places = ["max_clients = 4", "max_anonymous_clients = 4"];
await describeWithLibvirtd("a real libvirtd whose places are all taken", { settings: places }, (host) => {
  it("is named as such within seconds, and a place that becomes free is taken", async (t) => {
    const { testUri, readOnlySocket } = host().libvirtd;
    const holders = await Promise.all([1, 2, 3, 4].map(() => host().connect(t, { uri: testUri })));
    const slow = Promise.withResolvers<Error>();
    const uri = `test+unix:///default?socket=${readOnlySocket}`;
    const waiting = host().connect(t, { uri, readOnly: true, onSlow: slow.resolve });
    assert.match(
      (await slow.promise).message,
      /accepts the connection and does not respond: .*max_clients.*virt-admin/,
    );
    await holders[0]?.close();
    assert.equal((await (await waiting).listDomains()).length, 1);
  });
});

for (const mechanisms of ["gssapi", "scram-sha-512"]) {
  const offering = { auth: "sasl", sasl: { ...sasl, mechanisms }, tcp: true } as const;
  await describeWithLibvirtd(`a real libvirtd with mech_list ${mechanisms}`, offering, (host) => {
    it("is refused at once with what it lacks", async (t) => {
      const { socket, tcpPort } = host().libvirtd;
      const query = `authfile=${right}`;
      const lacking = {
        name: AuthError.name,
        message: /(no SASL mechanism to offer|offers the SASL mechanisms).*mech_list/,
      };
      await assert.rejects(host().connect(t, { uri: `test+unix:///default?socket=${socket}&${query}` }), lacking);
      await assert.rejects(host().connect(t, { uri: `test+tcp://127.0.0.1:${tcpPort}/default?${query}` }), lacking);
    });
  });
}
