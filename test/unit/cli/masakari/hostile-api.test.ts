import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TestServer } from "../../../support/http-server.ts";
import { runMasakariCommand } from "../../../support/masakari-command.ts";

/** A clear screen by ESC and by C1, a title, a bidirectional override, a zero-width space, a line separator, half a pair. */
const NASTY = "\u001b[2Jx\u009b2J\u001b]0;t\u0007\u202e\u200b\u2028\u0085\r\u{e0001}\ud800";
const MOVES = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const uuid = "7a7e0a3c-6a3b-4d32-8d3d-0a3c6a3b4d32";

const stamps = { id: 1, created_at: NASTY, updated_at: NASTY, deleted_at: null, deleted: false };
const segment = { uuid, name: `s${NASTY}`, description: NASTY, service_type: NASTY, recovery_method: NASTY };
const host = { uuid, name: `h${NASTY}`, type: NASTY, control_attributes: NASTY, failover_segment_id: uuid };
const notification = {
  ...{ notification_uuid: uuid, generated_time: NASTY, source_host_uuid: NASTY, type: NASTY, status: NASTY },
  ...{ payload: { [NASTY]: NASTY, more: [NASTY] }, message: NASTY },
  recovery_workflow_details: [{ name: NASTY, progress: 1, progress_details: [{ message: NASTY }], state: NASTY }],
};
const vmove = {
  ...{ uuid, notification_uuid: uuid, instance_uuid: uuid, instance_name: NASTY, source_host: NASTY, dest_host: NASTY },
  ...{ start_time: NASTY, end_time: NASTY, type: NASTY, status: NASTY, message: NASTY },
};
const objects = {
  segment: { ...stamps, ...segment, enabled: true },
  host: {
    ...stamps,
    ...host,
    failover_segment: { ...stamps, ...segment, enabled: true },
    reserved: false,
    on_maintenance: false,
  },
  notification: { ...stamps, ...notification },
  vmove: { ...stamps, ...vmove },
};

let server: TestServer;
let env: Record<string, string>;

before(async () => {
  server = await TestServer.start(({ method, path }, response) => {
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const [kind, id] = /\/(segment|host|notification|vmove)s(?:\/([^/?]+))?(?:\?.*)?$/.exec(path)?.slice(1) ?? [];
    if (method === "DELETE") return send(204, undefined);
    if (path.includes("refused") || kind === undefined) return send(400, { badRequest: { code: 400, message: NASTY } });
    const object = objects[kind as keyof typeof objects];
    if (method === "GET" && id === undefined) return send(200, { [`${kind}s`]: [object] });
    send(method === "POST" ? (kind === "notification" ? 202 : 201) : 200, { [kind]: object });
  });
  env = { OS_AUTH_TYPE: "none", OS_ENDPOINT: `${server.origin}/v1`, OS_HA_API_VERSION: "1.3" };
});
after(async () => await server[Symbol.asyncDispose]());

const payload = '{"event": "STOPPED", "process_name": "p"}';
const lists = [
  ...[
    ["segment", "list"],
    ["segment", "host", "list", uuid],
    ["notification", "list"],
    ["host", "list"],
  ],
  ...[["notification", "vmove", "list", uuid], ["segment-list"], ["host-list"], ["notification-list"]],
  ["vmove-list", uuid],
];
const single = [
  ...[
    ["segment", "show", uuid],
    ["segment", "create", "a"],
    ["segment", "update", uuid, "--name", "b"],
  ],
  ...[
    ["segment", "host", "show", uuid, uuid],
    ["segment", "host", "create", "h", "COMPUTE", "SSH", uuid],
  ],
  ...[
    ["notification", "show", uuid],
    ["notification", "create", "VM", "h", "2026-11-28T06:00:00", payload],
  ],
  ...[
    ["notification", "vmove", "show", uuid, uuid],
    ["segment-show", uuid],
    ["host-show", uuid],
  ],
  ...[
    ["notification-show", uuid],
    ["vmove-show", uuid, uuid],
    ["segment-delete", uuid],
    ["host-delete", uuid],
  ],
];
const commands = [
  ...lists.flatMap((words) => ["csv", "json", "table", "value", "yaml"].map((format) => [...words, "-f", format])),
  ...single
    .filter(([verb = ""]) => !verb.endsWith("delete"))
    .flatMap((words) => ["json", "shell", "table", "value", "yaml"].map((format) => [...words, "-f", format])),
  ...[...lists, ...single].flatMap((words) => [words, [...words, "--json"], [...words, "--debug"]]),
  ["segment", "delete", `s${NASTY}`],
  ["segment", "host", "delete", uuid, `h${NASTY}`],
];

test("whatever an API puts into its objects, nothing of it moves a terminal's cursor", async () => {
  for (const words of commands) {
    const { status, out, err } = await runMasakariCommand(words, env, { terminal: { columns: 100 } });
    assert.equal(status, 0, `${words.join(" ")}: ${err}`);
    assert.doesNotMatch(out + err, MOVES, JSON.stringify(words));
    assert.notEqual(out, "", words.join(" "));
  }
});

test("nor does anything of its error, or of what was asked for", async () => {
  const refused = [
    ["segment", "list", "--filters", `${NASTY}=1`],
    ["segment", "show", NASTY],
    ["segment", "list", "-c", NASTY],
    ["notification", "show", "refused"],
    ["notification", "show", "refused", "--debug"],
    ["vmove-show", uuid, "refused"],
    [`--${NASTY}`],
    [NASTY],
    ["segment", "create", "a", NASTY],
    ["--config-file", NASTY, "segment", "list"],
    ["--os-cloud", NASTY, "segment", "list"],
    ["--os-ha-api-version", NASTY, "segment", "list"],
    ["--os-endpoint", `http://127.0.0.1:1/${NASTY}`, "segment", "list"],
    ["--os-cacert", NASTY, "--os-endpoint", "https://127.0.0.1:1", "segment", "list"],
  ];
  for (const words of refused) {
    const { status, out, err } = await runMasakariCommand(words, env, { terminal: { columns: 100 } });
    assert.notEqual(status, 0, JSON.stringify(words));
    assert.notEqual(err, "", JSON.stringify(words));
    assert.doesNotMatch(out + err, MOVES, JSON.stringify(words));
  }
});
