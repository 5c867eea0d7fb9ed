import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadLibc } from "../../../src/system/libc.ts";
import { DatagramError, openDatagramSender } from "../../../src/system/unix-datagram.ts";

test("a datagram arrives whole, and a receiver that is gone is an error with its reason, not a wait", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "datagram-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "log");
  const { func } = loadLibc();
  const receiver: number = func("int socket(int, int, int)")(1, 2, 0);
  const address = Buffer.concat([new Uint8Array(new Uint16Array([1]).buffer), Buffer.from(`${path}\0`)]);
  assert.equal(func("int bind(int, const uint8_t *, uint32_t)")(receiver, address, address.length), 0);
  const sender = openDatagramSender(path);

  sender.send("<14>masakari-test[1]: héllo");

  const data = Buffer.alloc(200);
  const size = Number(func("intptr_t recv(int, _Out_ uint8_t *, size_t, int)")(receiver, data, data.length, 0x40));
  assert.equal(data.toString("utf8", 0, size), "<14>masakari-test[1]: héllo");
  func("int close(int)")(receiver);
  assert.throws(
    () => sender.send("nobody"),
    (error: unknown) => error instanceof DatagramError && /ECONNREFUSED/.test(error.message),
  );
});

test("a path that no socket address can hold is refused", () => {
  assert.throws(() => openDatagramSender(`/${"x".repeat(120)}`), /ENAMETOOLONG/);
});
