import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type ApiCall, RandomCalls } from "../../contract/random-calls.ts";
import { Side } from "../../contract/random-play.ts";
import { logIn, startFor } from "../../support/control-plane.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { Seeded } from "../../support/seeded.ts";
import { againWith, drawnSeed, schedulesOr } from "../../support/seeds.ts";

interface Objects {
  readonly segments: readonly { readonly uuid: string; readonly name: string }[];
  readonly hosts: readonly { readonly uuid: string; readonly name: string; readonly failover_segment_id: string }[];
  readonly notifications: readonly { readonly notification_uuid: string; readonly source_host_uuid: string }[];
}

/** Everything that the API lists, as the administrator sees it. */
async function listed(origin: string, token: string): Promise<Objects> {
  const get = async (path: string) => {
    const { status, body } = await rawRequest(`${origin}/v1${path}`, "GET", { "x-auth-token": token });
    assert.equal(status, 200, body);
    return JSON.parse(body);
  };
  const { segments } = (await get("/segments")) as Pick<Objects, "segments">;
  const hosts: Objects["hosts"][number][] = [];
  for (const { uuid } of segments)
    hosts.push(...((await get(`/segments/${uuid}/hosts`)) as Pick<Objects, "hosts">).hosts);
  const { notifications } = (await get("/notifications")) as Pick<Objects, "notifications">;
  return { segments, hosts, notifications };
}

function assertSound(now: Objects, before: Objects): void {
  const unique = (texts: readonly string[]) => assert.equal(new Set(texts).size, texts.length, texts.join(", "));
  unique(now.segments.map(({ name }) => name));
  unique(now.hosts.map(({ name }) => name));
  unique([...now.segments, ...now.hosts].map(({ uuid }) => uuid));
  const kept = new Set(now.notifications.map(({ notification_uuid }) => notification_uuid));
  for (const { notification_uuid } of before.notifications)
    assert.ok(kept.has(notification_uuid), "a notification is gone");
  // A segment with an unfinished notification is in use, and with it its hosts: without an engine, those of all notifications.
  const hosts = new Set(now.hosts.map(({ uuid }) => uuid));
  for (const { source_host_uuid } of now.notifications)
    assert.ok(hosts.has(source_host_uuid), "a host in use was deleted");
}

/** Everything is an administrator's; whoever has a token may see the version. */
const mayHaveSuccess = ({ user, path }: ApiCall): boolean =>
  user === "admin" || (user === "member" && /^\/v1\/?$/.test(path));

async function play(context: TestContext, seed: number, count: number): Promise<void> {
  const cloud = await startFor(context, { release: seed % 2 === 0 ? "1.2" : "1.3" });
  const { origin } = new URL(cloud.masakariUrl);
  const token = await logIn(cloud);
  const side = new Side({ origin, tokens: { admin: token, member: await logIn(cloud, "demo") }, projectId: "none" });
  const calls = new RandomCalls(new Seeded(seed), () => side.made);
  let before: Objects = { segments: [], hosts: [], notifications: [] };
  const hasMadeAll = (): boolean => Object.values(side.made).every((made) => made > 0);
  // Of about one seed in a hundred no notification is accepted within 400 calls.
  for (let number = 1; number <= count || (!hasMadeAll() && number <= 20 * count); number++) {
    const call = calls.next();
    const { status, body } = await side.send(call);
    const where = `call ${number}: ${call.user} ${call.method} ${call.path} ${call.body}`;
    assert.ok(status < 500, `${where}\n${body}`);
    if (!mayHaveSuccess(call)) assert.ok(status >= 300, `${where}: ${status}`);
    if (number % 20 !== 0) continue;
    const now = await listed(origin, token);
    assertSound(now, before);
    before = now;
  }
  assert.ok(hasMadeAll(), `too little was made: ${JSON.stringify(side.made)}`);
}

test("random calls never get a 500, nor undo what holds of segments, hosts and notifications", async (context) => {
  const schedules = schedulesOr(2);
  for (let seed = drawnSeed; seed < drawnSeed + schedules; seed++) {
    await play(context, seed, 400).catch((cause: unknown) => {
      throw new Error(`${String(cause)}\n${againWith(seed, 1)}`, { cause });
    });
  }
});
