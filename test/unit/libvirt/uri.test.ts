import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UriError } from "../../../src/libvirt/errors.ts";
import { socketPaths } from "../../../src/libvirt/transport/unix.ts";
import { parseUri } from "../../../src/libvirt/uri.ts";

const transport = (uri: string) => parseUri(uri).transport;

function sockets(uri: string, readOnly: boolean): readonly string[] {
  const target = parseUri(uri);
  assert.ok(target.transport.kind === "unix");
  return socketPaths(target.transport, target.driver, readOnly);
}

describe("a libvirt URI", () => {
  it("leads to the system's sockets, the driver's own daemon first", () => {
    assert.deepEqual(sockets("qemu:///system", false), ["/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"]);
    assert.deepEqual(sockets("qemu:///system", true), [
      "/run/libvirt/virtqemud-sock-ro",
      "/run/libvirt/libvirt-sock-ro",
    ]);
    assert.deepEqual(sockets("qemu:///system?mode=legacy", true), ["/run/libvirt/libvirt-sock-ro"]);
    assert.deepEqual(sockets("qemu+unix:///system?mode=direct", false), ["/run/libvirt/virtqemud-sock"]);
    assert.deepEqual(sockets("lxc:///system?mode=direct", false), ["/run/libvirt/virtlxcd-sock"]);
  });

  it("may name the socket, which is then the only one", () => {
    assert.deepEqual(sockets("qemu+unix:///system?socket=/tmp/a%20b/sock", true), ["/tmp/a b/sock"]);
  });

  it("leads to a host, by TLS unless it names another transport", () => {
    const tls = { kind: "tls", port: 16514, pkiPath: undefined, verify: true };
    assert.deepEqual(transport("qemu+tcp://compute-1/system"), { kind: "tcp", host: "compute-1", port: 16509 });
    assert.deepEqual(transport("qemu+tcp://10.0.0.7:16599/system"), { kind: "tcp", host: "10.0.0.7", port: 16599 });
    assert.deepEqual(transport("qemu+tcp://[fd00::7]:1/system"), { kind: "tcp", host: "fd00::7", port: 1 });
    assert.deepEqual(transport("qemu+tls://[fd00::7]/system"), { ...tls, host: "fd00::7" });
    assert.deepEqual(transport("qemu+tcp://[fe80::7%25eth0]/"), { kind: "tcp", host: "fe80::7%eth0", port: 16509 });
    assert.deepEqual(transport("qemu://compute-1/system"), { ...tls, host: "compute-1" });
    assert.deepEqual(transport("qemu+tls://nova@c:17/system?pkipath=/etc/x&no_verify=1"), {
      kind: "tls",
      host: "c",
      port: 17,
      pkiPath: "/etc/x",
      verify: false,
    });
  });

  it("sends the server only the parameters that are for it", () => {
    assert.equal(parseUri("qemu:///system").serverUri, "qemu:///system");
    assert.equal(parseUri("qemu+tcp://10.0.0.7/system").serverUri, "qemu:///system");
    assert.equal(parseUri("QEMU+TCP://10.0.0.7/system").serverUri, "qemu:///system");
    assert.equal(parseUri("test+unix:///default?socket=/s&mode=auto&authfile=/a").serverUri, "test:///default");
    assert.equal(parseUri("esx+tls://h/?no_verify=1&vcenter=x&x=y").serverUri, "esx:///?vcenter=x&x=y");
    assert.equal(parseUri("esx:///?x=a%26b%20c&no_tty=1").serverUri, "esx:///?x=a%26b%20c");
    assert.equal(parseUri("qemu+unix:///system?name=lxc:///").serverUri, "lxc:///");
  });

  it("has the user whom auth.conf means, and how to log in", () => {
    assert.equal(parseUri("qemu:///system").hostname, "localhost");
    assert.equal(parseUri("qemu+tcp://10.0.0.7/system").hostname, "10.0.0.7");
    assert.deepEqual(parseUri("qemu:///system").auth, { type: "any" });
    assert.deepEqual(parseUri("qemu:///system?auth=sasl.scram-sha-256").auth, {
      type: "sasl",
      mechanism: "SCRAM-SHA-256",
    });
    assert.deepEqual(parseUri("qemu:///system?auth=polkit&authfile=/a/b").auth, { type: "polkit" });
    assert.equal(parseUri("qemu:///system?authfile=/a/b").authFile, "/a/b");
  });

  for (const [uri, message] of [
    ["", /is not a libvirt URI/],
    ["http://compute-1/system", /names http, which is not a libvirt driver; a URI looks like qemu:\/\/\/system/],
    ["https://compute-1:16509/", /names https, which is not a libvirt driver/],
    ["tcp://compute-1/system", /names tcp, which is not a libvirt driver/],
    ["unix:///run/libvirt/libvirt-sock", /names unix, which is not a libvirt driver/],
    ["qmeu:///system", /names qmeu, which is not a libvirt driver/],
    ["/run/libvirt/libvirt-sock", /looks like qemu:\/\/\/system/],
    ["qemu+ssh://root@compute-1/system", /the transport ssh is not supported; use unix, tls or tcp/],
    ["qemu+libssh2://compute-1/system", /libssh2 is not supported/],
    ["qemu+udp://compute-1/system", /there is no transport udp/],
    ["qemu+unix://compute-1/system", /a unix socket has no host/],
    ["qemu+tcp:///system", /names no host/],
    ["qemu+tcp://fd00::7/system", /an IPv6 address goes in brackets/],
    ["qemu+tcp://compute-1:0/system", /has the port 0/],
    ["qemu+tcp://compute-1:99999/system", /has the port 99999/],
    ["qemu:///system?mode=modular", /it may be auto, legacy or direct/],
    ["qemu:///system?auth=ldap", /it may be none, polkit, sasl/],
    ["qemu:///system?socket=%zz", /is not followed by two hex digits/],
    ["qemu+tls://compute-1/system?no_verify=false", /has no_verify=false; it may be 0 .* or 1/],
    ["qemu+tls://compute-1/system?no_verify=", /has no_verify=; it may be 0/],
  ] as const) {
    it(`is refused with what to do: ${uri || "nothing"}`, () => {
      assert.throws(
        () => parseUri(uri),
        (error: unknown) => error instanceof UriError && message.test(error.message),
      );
    });
  }

  it("checks the server's certificate unless no_verify is a number other than 0", () => {
    const verify = (value: string) => {
      const target = transport(`qemu+tls://compute-1/system?no_verify=${value}`);
      return target.kind === "tls" && target.verify;
    };
    assert.deepEqual(["0", "1", "2"].map(verify), [true, false, false]);
  });

  for (const password of [
    "s3cret",
    "/s3cret",
    "?s3cret",
    "#s3cret",
    "@s3cret",
    "%s3cret",
    "?auth=s3cret",
    "1?%s3cret",
  ]) {
    it(`never shows a password that somebody put in it: ${password}`, () => {
      for (const uri of [`qemu+ssh://nova:${password}@compute-1/system`, `qemu:nova:${password}@compute-1`]) {
        assert.throws(
          () => parseUri(uri),
          (error: unknown) => {
            assert.ok(error instanceof UriError);
            assert.ok(!error.message.includes("s3cret"), error.message);
            return true;
          },
        );
      }
      assert.ok(!parseUri("qemu+tcp://nova:s3cret@compute-1/system").shown.includes("s3cret"));
    });
  }
});
