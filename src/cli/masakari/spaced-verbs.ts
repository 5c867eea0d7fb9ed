import { Argument, type Command } from "commander";
import type { RecoveryMethod } from "../../openstack/masakari-objects.ts";
import { addHostChanges, addSegmentChanges } from "./change-options.ts";
import { CommandError } from "./command-context.ts";
import type { Run } from "./command-run.ts";
import { addHostVerbs, addVmoveVerbs } from "./dashed-verbs.ts";
import * as hosts from "./hosts.ts";
import { addListOptions } from "./list-options.ts";
import * as notifications from "./notifications.ts";
import { addOutputOptions } from "./output/options.ts";
import * as segments from "./segments.ts";
import { notificationTypes, recoveryMethods, truth } from "./values.ts";

/** The verbs of openstackclient's plugin, with its arguments in their order; what has a usual value may be left out. */
export function addSpacedVerbs(program: Command, openstack: Run, people: Run): void {
  const segment = program.command("segment").description("segments and their hosts, as openstackclient has them");
  addSegmentVerbs(segment, openstack);
  addSegmentHostVerbs(segment.command("host").description("the hosts of a segment"), openstack);
  const notification = program.command("notification").description("notifications, as openstackclient has them");
  addNotificationVerbs(notification, openstack);
  addVmoveVerbs(notification.command("vmove").description("the guests of a host that failed"), "", openstack);
  addHostVerbs(program.command("host").description("host-create and its like"), "", people);
  addVmoveVerbs(program.command("vmove").description("vmove-list and its like"), "", people);
}

function addSegmentVerbs(program: Command, run: Run): void {
  addOutputOptions(program.command("create").description("create a segment"), "object")
    .argument("<name>")
    .addArgument(new Argument("[recovery_method]").choices(recoveryMethods))
    .argument("[service_type]")
    .option("--is-enabled <BOOLEAN>", "false: notifications about its hosts are ignored", truth)
    .option("--description <TEXT>")
    .action(
      run((options: segments.SegmentFields, name = "", method, serviceType) => {
        const fields = { ...options, name, recoveryMethod: method as RecoveryMethod | undefined, serviceType };
        return async (client, call) => await segments.createSegment(client, fields, call);
      }),
    );
  addOutputOptions(addListOptions(program.command("list").description("list segments")), "list").action(
    run((options) => async (client, call) => await segments.listSegments(client, options, call)),
  );
  addOutputOptions(program.command("show <segment>").description("show a segment, by name or UUID"), "object").action(
    run(
      (_, segment = "") =>
        async (client, call) =>
          await segments.showSegment(client, segment, call),
    ),
  );
  addSegmentChanges(
    addOutputOptions(program.command("update <segment>").description("change a segment, by name or UUID"), "object"),
  ).action(
    run(
      (options: segments.SegmentFields, segment = "") =>
        async (client, call) =>
          await segments.updateSegment(client, segment, options, call),
    ),
  );
  program
    .command("delete <segment...>")
    .description("delete segments and their hosts, by name or UUID")
    .action(
      run(
        (_, given) =>
          async function* (client, call) {
            // Of a variadic argument, commander makes one list.
            for (const segment of given as unknown as string[])
              yield await segments.deleteSegment(client, segment, call);
          },
      ),
    );
}

function addSegmentHostVerbs(program: Command, run: Run): void {
  addOutputOptions(program.command("create").description("put a host into a segment"), "object")
    .argument("<name>", "the name that Nova has for it")
    .argument("<type>", "free text, usually COMPUTE")
    .argument("<control_attributes>", "free text, usually SSH")
    .argument("<segment>", "name or UUID")
    .option("--reserved <BOOLEAN>", "keep it free for the guests of a host that fails", truth)
    .option("--on-maintenance <BOOLEAN>", "ignore notifications about it", truth)
    .action(
      run((options: hosts.HostFields, name = "", type, controlAttributes, segment) => {
        const fields = { ...options, name, type, controlAttributes };
        return async (client, call) => await hosts.createHost(client, segment, fields, call);
      }),
    );
  addOutputOptions(
    addListOptions(program.command("list <segment>").description("list the hosts of a segment")),
    "list",
  ).action(run((options, segment) => async (client, call) => await hosts.listHosts(client, segment, options, call)));
  addOutputOptions(
    program.command("show <segment> <host>").description("show a host, by name or UUID"),
    "object",
  ).action(
    run(
      (_, segment, host = "") =>
        async (client, call) =>
          await hosts.showHost(client, { segment, host }, call),
    ),
  );
  addHostChanges(
    addOutputOptions(
      program.command("update <segment> <host>").description("change a host, by name or UUID"),
      "object",
    ),
  ).action(
    run(
      (options: hosts.HostFields, segment, host = "") =>
        async (client, call) =>
          await hosts.updateHost(client, { segment, host }, options, call),
    ),
  );
  program
    .command("delete <segment> <host>")
    .description("take a host out of a segment")
    .action(
      run(
        (_, segment, host = "") =>
          async (client, call) =>
            await hosts.deleteHost(client, { segment, host }, call),
      ),
    );
}

function addNotificationVerbs(program: Command, run: Run): void {
  addOutputOptions(
    addListOptions(program.command("list").description("list notifications, newest first")),
    "list",
  ).action(
    run((options) => async (client, call) => await notifications.listNotifications(client, options, false, call)),
  );
  addOutputOptions(
    program.command("show <notification>").description("show a notification, and what the engine has done"),
    "object",
  ).action(
    run(
      (_, uuid = "") =>
        async (client, call) =>
          await notifications.showNotification(client, uuid, true, call),
    ),
  );
  addOutputOptions(
    program.command("create").description("send a notification, as a monitor would: Masakari acts on it"),
    "object",
  )
    .addArgument(new Argument("<type>").choices(notificationTypes))
    .argument("<hostname>", "the host that it is about")
    .argument("<generated_time>", "e.g. 2026-11-28T06:00:00 (UTC)")
    .argument("<payload>", "what has happened, as JSON")
    .action(
      run((_, type, hostname, generatedTime, payload) => {
        if (!type || !hostname || !generatedTime || !payload)
          throw new CommandError("type, hostname, generated_time and payload must not be empty");
        return async (client, call) =>
          await notifications.createNotification(client, { type, hostname, generatedTime, payload }, call);
      }),
    );
}
