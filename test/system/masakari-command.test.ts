import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runMasakariCommand } from "../support/masakari-command.ts";
import { openstackCommands, outputOf } from "./openstack/openstack-commands.ts";
import { missingPackages } from "./openstack/packages.ts";
import { enterOwnOpenStack } from "./openstack/shared.ts";
import type { Site } from "./openstack/site.ts";

const program = fileURLToPath(new URL("../../bin/masakari", import.meta.url));
const name = `rack-${randomUUID().slice(0, 8)}`;
const host = `compute-${randomUUID().slice(0, 8)}`;

describe("masakari beside Debian's openstackclient, at Debian's masakari-api", {
  skip: await missingPackages(),
}, () => {
  let site: Site;
  let env: Record<string, string>;

  before(async () => {
    site = await enterOwnOpenStack();
    const { username, password, project } = site.address.monitors;
    env = {
      OS_AUTH_URL: `${site.keystone.origin}/v3`,
      OS_USERNAME: username,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: project,
      OS_USER_DOMAIN_NAME: "Default",
      OS_PROJECT_DOMAIN_NAME: "Default",
      OS_REGION_NAME: site.region,
      OS_IDENTITY_API_VERSION: "3",
    };
  });
  after(async () => await site.close());

  const openstack = (...commands: readonly (readonly string[])[]) => openstackCommands(commands, env);

  async function masakari(...args: readonly string[]): Promise<string> {
    const { status, out, err } = await runMasakariCommand(args, env);
    assert.deepEqual([status, err], [0, ""], args.join(" "));
    return out;
  }

  test("what either of them sets up, the other shows; and both print it alike", { timeout: 600_000 }, async () => {
    const made: Record<string, string> = {
      segment: await masakari(
        "segment",
        "create",
        name,
        "auto",
        "COMPUTE",
        "--description",
        'Büro "2"\nsecond line',
        "-f",
        "json",
      ),
      host: await masakari(
        "segment",
        "host",
        "create",
        host,
        "COMPUTE",
        "SSH",
        name,
        "--on_maintenance",
        "True",
        "-f",
        "json",
      ),
    };
    const [segment, theirs] = await openstack(
      ["segment", "show", name, "-f", "json"],
      ["segment", "host", "update", name, host, "--on_maintenance", "False", "--reserved", "True", "-f", "json"],
    );
    assert.equal(made.segment, segment?.out);
    assert.equal(await masakari("segment", "host", "show", name, host, "-f", "json"), theirs?.out);
    const payload = '{"event": "STOPPED", "process_name": "nova-compute"}';
    const notification = await masakari(
      "notification",
      "create",
      "PROCESS",
      host,
      "2026-11-28T06:00:00",
      payload,
      "-f",
      "json",
    );
    const { notification_uuid: uuid } = JSON.parse(notification);
    const { uuid: hostUuid } = JSON.parse(theirs?.out ?? "");

    const readOnly = [
      ...[[], ["-f", "json"], ["-f", "csv"], ["-f", "value"], ["-f", "yaml"]].map((format) => [
        "segment",
        "list",
        ...format,
      ]),
      ...[[], ["-f", "json", "--noindent"], ["-f", "shell"], ["-f", "value"]].map((format) => [
        "segment",
        "show",
        name,
        ...format,
      ]),
      [
        "segment",
        "list",
        "--max-width",
        "70",
        "--sort-column",
        "name",
        "-c",
        "uuid",
        "-c",
        "description",
        "-c",
        "name",
      ],
      [
        "segment",
        "list",
        "--sort",
        "name:asc",
        "--filters",
        "recovery_method=auto;service_type=COMPUTE",
        "-f",
        "value",
      ],
      ["segment", "list", "--filters", "service_type=none", "-f", "json"],
      // Abbreviated, of the command and of the program.
      ["segment", "list", "--lim", "5", "--form", "json", "--filt", "recovery_method=auto"],
      ["segment", "list", "--col=name", "--max-w", "60", "--sort-col", "name"],
      ["--os-region-n", site.region, "segment", "show", name, "--form=shell", "--pref", "s_"],
      ["--os-identity-a", "3", "segment", "host", "show", name, host, "--noind", "-f", "json"],
      ["segment", "list", "--filters", "service_type=none", "--print-empty"],
      ...[[], ["-f", "csv", "--quote", "minimal"], ["-f", "json"]].map((format) => [
        "segment",
        "host",
        "list",
        name,
        ...format,
      ]),
      ["segment", "host", "list", name, "--filters", "reserved=False"],
      ...[[], ["-f", "shell", "--prefix", "h_"]].map((format) => ["segment", "host", "show", name, host, ...format]),
      ...[[], ["-f", "json"], ["-f", "csv"], ["-f", "yaml"]].map((format) => [
        ...["notification", "list", "--filters", `source_host_uuid=${hostUuid}`, ...format],
        ...["-c", "notification_uuid", "-c", "payload", "-c", "type"],
      ]),
      ["notification", "show", uuid, "-c", "payload", "-c", "source_host_uuid", "-c", "generated_time", "-c", "type"],
    ];
    const outcomes = await openstack(...readOnly);
    for (const [index, args] of readOnly.entries()) {
      const { status, out, err } = outcomes[index] ?? assert.fail("no outcome");
      assert.equal(status, 0, err);
      assert.equal(await masakari(...args), out, args.join(" "));
    }
  });

  test("what is refused ends with the same status", async () => {
    const refused = [
      ["segment", "show", "nowhere"],
      ["segment", "host", "list", "nowhere"],
      ["segment", "host", "show", name, "nobody"],
      ["notification", "show", randomUUID()],
      ["segment", "list", "-c", "nope"],
      ["segment", "list", "--sort", "name:up"],
      ["segment", "create", "name-only", "wish", "COMPUTE"],
      ["segment", "list", "-f", "shell"],
      ["segment", "list", "--s", "name"],
      ["--os-proj", "x", "segment", "list"],
      ["segment", "list", "--formt", "json"],
    ];
    const outcomes = await openstack(...refused);
    for (const [index, args] of refused.entries()) {
      const { status, out, err } = await runMasakariCommand(args, env);
      assert.deepEqual([status, out], [outcomes[index]?.status, ""], `${args.join(" ")}: ${err}`);
    }
  });

  test("the program itself, and the old client's verbs", async () => {
    const run = async (...args: readonly string[]): Promise<string> => await outputOf(program, args, env);
    assert.equal(await run("segment-list", "-f", "json"), await masakari("segment", "list", "-f", "json"));
    assert.match(await run("host-list", "--segment-id", name), new RegExp(` ${host} +${name} `));
    assert.match(await run("host-delete", "--segment-id", name, "--id", host, "--json"), /"name"/);
    assert.equal(await run("segment", "delete", name), `Segment deleted: ${name}\n`);
  });
});
