import assert from "node:assert/strict";
import fs, { mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { callMasakari, collectingLogger, logIn, startFor } from "../../support/control-plane.ts";
import { rawRequest } from "../../support/raw-request.ts";

test("what changes something is answered when it is on disk, what reads at once, and a disk that fails gets 500", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "durable-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const log = collectingLogger();
  const cloud = await startFor(context, { database: join(directory, "control-plane.sqlite"), log });
  const token = await logIn(cloud);
  let begun: (() => void) | undefined;
  let end: (error: Error | null) => void = () => undefined;
  context.mock.method(fs, "fdatasync", (_: number, done: typeof end) => {
    end = done;
    begun?.();
  });
  syncBuiltinESMExports();
  context.after(() => {
    context.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const change = (method: string, path: string, body?: unknown) => {
    const atDisk = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let isAnswered = false;
    const response = callMasakari(cloud, token, method, path, body).finally(() => {
      isAnswered = true;
    });
    return { atDisk, response, isAnswered: () => isAnswered };
  };
  const segment = { segment: { name: "rack1", recovery_method: "auto", service_type: "COMPUTE" } };

  const first = change("POST", "/segments", segment);
  await first.atDisk;
  assert.equal((await callMasakari(cloud, token, "GET", "/segments")).status, 200);
  assert.equal(first.isAnswered(), false);
  end(null);
  assert.equal((await first.response).status, 201);

  // Refused because of the first, which must not get lost then.
  const second = change("POST", "/segments", segment);
  await second.atDisk;
  assert.equal(second.isAnswered(), false);
  end(new Error("EIO: i/o error, fdatasync"));
  assert.equal((await second.response).status, 500);
  assert.match(log.lines.join("\n"), /EIO/);
  assert.equal((await callMasakari(cloud, token, "DELETE", "/segments/x")).status, 500);
  const headers = { "content-type": "application/json", "x-auth-token": token };
  const region = JSON.stringify({ region: { id: "r2" } });
  assert.equal((await rawRequest(`${cloud.keystoneUrl}/regions`, "POST", headers, region)).status, 500);
  const health = await rawRequest(`${new URL(cloud.masakariUrl).origin}/healthcheck`, "GET", {});
  assert.deepEqual(
    [health.status, health.body],
    [503, "database: EIO: i/o error, fdatasync; restart the control plane"],
  );
});
