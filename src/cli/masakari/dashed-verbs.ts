import { type Command, Option } from "commander";
import { addHostChanges, addSegmentChanges } from "./change-options.ts";
import type { Run } from "./command-run.ts";
import * as hosts from "./hosts.ts";
import { addListOptions } from "./list-options.ts";
import type { ListOptions } from "./list-query.ts";
import * as notifications from "./notifications.ts";
import { addOutputOptions } from "./output/options.ts";
import { subjectOf } from "./result.ts";
import * as segments from "./segments.ts";
import { notificationTypes, recoveryMethodOption, truth } from "./values.ts";
import * as vmoves from "./vmoves.ts";

const statuses = ["new", "running", "error", "failed", "ignored", "finished"];

interface Chosen {
  readonly id?: string;
}

interface ChosenHost extends Chosen {
  readonly segment?: string;
  /** The old client's name for it. */
  readonly segmentId?: string;
}

/** python-masakariclient's own verbs, `segment-list` and its like; what it had as required options may be an argument, or left out. */
export function addDashedVerbs(program: Command, run: Run): void {
  addSegmentVerbs(program, run);
  addHostVerbs(program, "host-", run);
  addNotificationVerbs(program, run);
  addVmoveVerbs(program, "vmove-", run);
}

function addSegmentVerbs(program: Command, run: Run): void {
  const segmentOf = (argument: string | undefined, { id }: Chosen): string =>
    subjectOf(argument, id, "SEGMENT", "--id");
  const verb = (words: string, description: string): Command => program.command(words).description(description);
  addOutputOptions(verb("segment-create [NAME]", "create a segment: hosts that stand in for one another"), "object")
    .option("--name <NAME>", "in place of the argument")
    .addOption(recoveryMethodOption().default("auto"))
    .option("--service-type <TYPE>", "free text", "COMPUTE")
    .option("--description <TEXT>")
    .option("--is-enabled <BOOLEAN>", "false: notifications about its hosts are ignored", truth)
    .action(
      run((options: segments.SegmentFields, argument) => {
        const name = subjectOf(argument, options.name, "NAME", "--name");
        return async (client, call) => await segments.createSegment(client, { ...options, name }, call);
      }),
    );
  addOutputOptions(addListOptions(verb("segment-list", "list segments")), "list").action(
    run((options) => async (client, call) => await segments.listSegments(client, options, call)),
  );
  addOutputOptions(verb("segment-show [SEGMENT]", "show a segment, by name or UUID"), "object")
    .option("--id <SEGMENT>", "in place of the argument")
    .action(
      run((options: Chosen, argument) => {
        const segment = segmentOf(argument, options);
        return async (client, call) => await segments.showSegment(client, segment, call);
      }),
    );
  addSegmentChanges(addOutputOptions(verb("segment-update [SEGMENT]", "change a segment, by name or UUID"), "object"))
    .option("--id <SEGMENT>", "in place of the argument")
    .action(
      run((options: Chosen & segments.SegmentFields, argument) => {
        const segment = segmentOf(argument, options);
        return async (client, call) => await segments.updateSegment(client, segment, options, call);
      }),
    );
  verb("segment-delete [SEGMENT]", "delete a segment and its hosts, by name or UUID")
    .option("--id <SEGMENT>", "in place of the argument")
    .action(
      run((options: Chosen, argument) => {
        const segment = segmentOf(argument, options);
        return async (client, call) => await segments.deleteSegment(client, segment, call);
      }),
    );
}

/** @param prefix of the verbs: `host-`, or empty beneath `host` */
export function addHostVerbs(program: Command, prefix: string, run: Run): void {
  const verb = (words: string, description: string): Command =>
    program
      .command(`${prefix}${words}`)
      .description(description)
      .option("--segment <SEGMENT>", "name or UUID; may be left out if there is only one, or for a host that exists")
      .addOption(new Option("--segment-id <SEGMENT>").hideHelp());
  const segmentOf = ({ segment, segmentId }: ChosenHost): string | undefined => segment ?? segmentId;
  const hostOf = (argument: string | undefined, options: ChosenHost): hosts.WantedHost => ({
    segment: segmentOf(options),
    host: subjectOf(argument, options.id, "HOST", "--id"),
  });
  addOutputOptions(verb("create [NAME]", "put a host into a segment, by the name that Nova has for it"), "object")
    .option("--name <NAME>", "in place of the argument")
    .option("--type <TYPE>", "free text", "COMPUTE")
    .option("--control-attributes <TEXT>", "free text", "SSH")
    .option("--reserved [BOOLEAN]", "keep it free for the guests of a host that fails", truth)
    .option("--on-maintenance [BOOLEAN]", "ignore notifications about it", truth)
    .action(
      run((options: ChosenHost & hosts.HostFields, argument) => {
        const name = subjectOf(argument, options.name, "NAME", "--name");
        const segment = segmentOf(options);
        return async (client, call) => await hosts.createHost(client, segment, { ...options, name }, call);
      }),
    );
  addOutputOptions(addListOptions(verb("list", "list hosts")), "list").action(
    run(
      (options: ChosenHost & ListOptions) => async (client, call) =>
        await hosts.listHosts(client, segmentOf(options), options, call),
    ),
  );
  addOutputOptions(verb("show [HOST]", "show a host, by name or UUID"), "object")
    .option("--id <HOST>", "in place of the argument")
    .action(
      run((options: ChosenHost, argument) => {
        const wanted = hostOf(argument, options);
        return async (client, call) => await hosts.showHost(client, wanted, call);
      }),
    );
  addHostChanges(
    addOutputOptions(
      verb("update [HOST]", "change a host, by name or UUID: Masakari itself never ends a host's maintenance"),
      "object",
    ),
  )
    .option("--id <HOST>", "in place of the argument")
    .action(
      run((options: ChosenHost & hosts.HostFields, argument) => {
        const wanted = hostOf(argument, options);
        return async (client, call) => await hosts.updateHost(client, wanted, options, call);
      }),
    );
  verb("delete [HOST]", "take a host out of its segment, by name or UUID")
    .option("--id <HOST>", "in place of the argument")
    .action(
      run((options: ChosenHost, argument) => {
        const wanted = hostOf(argument, options);
        return async (client, call) => await hosts.deleteHost(client, wanted, call);
      }),
    );
}

function addNotificationVerbs(program: Command, run: Run): void {
  addOutputOptions(
    addListOptions(program.command("notification-list").description("list notifications, newest first")),
    "list",
  )
    .addOption(new Option("--type <TYPE>", "only of this type").choices(notificationTypes))
    .addOption(new Option("--status <STATUS>", "only in this state").choices(statuses))
    .option("--host <HOST>", "only from this host, by name or UUID")
    .option("--since <TIME>", "only what was generated since, e.g. 2026-11-28T06:00:00 (UTC)")
    .action(
      run(
        (options: notifications.NotificationFilters) => async (client, call) =>
          await notifications.listNotifications(client, options, true, call),
      ),
    );
  addOutputOptions(program.command("notification-show [UUID]").description("show a notification"), "object")
    .option("--id <UUID>", "in place of the argument")
    .option("--details", "also what the engine has done about it (queries the engine)")
    .action(
      run((options: Chosen & { readonly details?: boolean }, argument) => {
        const uuid = subjectOf(argument, options.id, "UUID", "--id");
        return async (client, call) =>
          await notifications.showNotification(client, uuid, options.details === true, call);
      }),
    );
  addOutputOptions(
    program.command("notification-create").description("send a notification, as a monitor would: Masakari acts on it"),
    "object",
  )
    .addOption(new Option("--type <TYPE>").choices(notificationTypes).makeOptionMandatory())
    .requiredOption("--hostname <NAME>", "the host that it is about")
    .requiredOption("--generated-time <TIME>", "e.g. 2026-11-28T06:00:00 (UTC)")
    .requiredOption("--payload <JSON>", "what has happened")
    .action(
      run(
        (options: notifications.NewNotification) => async (client, call) =>
          await notifications.createNotification(client, options, call),
      ),
    );
}

/** @param prefix of the verbs: `vmove-`, or empty beneath `vmove` */
export function addVmoveVerbs(program: Command, prefix: string, run: Run): void {
  addOutputOptions(
    addListOptions(
      program
        .command(`${prefix}list <NOTIFICATION>`)
        .description("list what became of the guests of a host that failed"),
    ),
    "list",
  ).action(
    run(
      (options, notification = "") =>
        async (client, call) =>
          await vmoves.listVmoves(client, notification, options, call),
    ),
  );
  addOutputOptions(
    program.command(`${prefix}show <NOTIFICATION> <VMOVE>`).description("show what became of one guest"),
    "object",
  ).action(
    run(
      (_, notification = "", vmove = "") =>
        async (client, call) =>
          await vmoves.showVmove(client, notification, vmove, call),
    ),
  );
}
