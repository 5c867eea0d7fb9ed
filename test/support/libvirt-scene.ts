import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Connection, type ConnectOptions, connect } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { KeptLog } from "./kept-log.ts";
import { type Call, type Client, LibvirtServer } from "./libvirt-server.ts";

/** A domain as the server has it. */
export const instance = { name: "instance-1", uuid: "8339061d-60a7-41d7-9ba4-eef412c50df2", id: 1 };

export interface Scene {
  readonly server: LibvirtServer;
  readonly connection: Connection;
  readonly client: Client;
  readonly log: KeptLog;
}

/** A connection to a server of the test; both end with it. @param chunkBytes the server sends in pieces of that many bytes */
export async function scene(
  t: TestContext,
  options: Partial<ConnectOptions> = {},
  chunkBytes?: number,
): Promise<Scene> {
  const server = await LibvirtServer.start(chunkBytes);
  t.after(() => server[Symbol.asyncDispose]());
  const log = new KeptLog();
  const connection = await connect(server.uri, { clock: systemClock, log, keepalive: false, ...options });
  t.after(() => connection.close());
  const [client] = server.clients;
  assert.ok(client);
  return { server, connection, client, log };
}

/** The calls of one procedure as they come, for the test to reply to when it likes. */
export function held<A, R>(server: LibvirtServer, procedure: Parameters<typeof server.on<A, R>>[0]): Call<A, R>[] {
  const calls: Call<A, R>[] = [];
  server.on(procedure, (call) => calls.push(call));
  return calls;
}

/** The domain with another id. */
export const state = (at: number) => ({ ...instance, id: at });
/** ms for what takes milliseconds, on a busy machine. */
export const inTime = 60_000;
