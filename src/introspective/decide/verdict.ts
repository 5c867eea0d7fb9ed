import type { Guest } from "../guest.ts";
import type { Activity, Findings } from "../observation.ts";
import type { IntrospectiveState } from "../state.ts";
import { withReports } from "../state-changes.ts";
import { type Context, clearFailures, displayName, startCall, subjectOf } from "./context.ts";

/** The examination of a guest has ended: unless it shows that the guest works, or may, the guest is reported. */
export function endExamination(
  state: IntrospectiveState,
  guest: Guest,
  findings: Findings,
  context: Context,
): { readonly guest: Guest; readonly state: IntrospectiveState } {
  const ended: Guest = { ...guest, examination: undefined };
  if (guest.examination?.void !== false) return { guest: ended, state };
  if (guest.examination.purpose === "before") return { guest: { ...ended, activity: findings.activity }, state };
  const spared = spareGuest(ended, findings, context);
  if (spared) return { guest: spared, state };
  return report(ended, withoutOldReports(state, context), context);
}

function spareGuest(guest: Guest, { running, job, activity }: Findings, context: Context): Guest | undefined {
  if (running === false) {
    context.log("info", `${displayName(guest)}: no longer runs, and is not reported`);
    startCall({ kind: "look", uuid: guest.uuid }, context);
    return { ...clearFailures(guest), running: false };
  }
  if (job === true && context.settings.leave_alone_migrating) {
    context.log("warning", `${displayName(guest)}: is being migrated or saved; not reported meanwhile`);
    return guest;
  }
  if (context.settings.check_io && isActive(guest.activity, activity)) {
    context.log(
      "warning",
      `${displayName(guest)}: its agent does not answer, but it uses its disks or network; not reported`,
    );
    return { ...guest, failures: 0, unresponsive: 0, activity: undefined };
  }
  return undefined;
}

/** A count that is missing in one of them, since libvirt was busy then, means nothing. */
function isActive(before: Activity | undefined, now: Activity | undefined): boolean {
  return Object.entries(now ?? {}).some(([name, count]) => before?.[name] !== undefined && before[name] !== count);
}

function report(
  guest: Guest,
  state: IntrospectiveState,
  context: Context,
): { readonly guest: Guest; readonly state: IntrospectiveState } {
  const { max_reports, report_window } = context.settings;
  const times = (state.reports.get(guest.uuid) ?? []).filter((time) => isRecent(time, context));
  const given: Guest = { ...guest, phase: "reported" };
  if (max_reports > 0 && times.length >= max_reports) {
    const often = `reported ${times.length} times within ${report_window} s`;
    context.log(
      "error",
      `${displayName(guest)}: does not answer, but was ${often} already (max_reports), so Masakari is not notified: check the guest by hand`,
    );
    return { guest: { ...given, unsent: "max_reports" }, state };
  }
  context.log(
    "error",
    `${displayName(guest)}: reported after ${guest.failures} failed pings in a row; ${context.notifying}`,
  );
  const payload = { event: "QEMU_GUEST_AGENT_ERROR", instance_uuid: guest.uuid, vir_domain_event: "STOPPED_FAILED" };
  context.notify(subjectOf(guest.uuid), { type: "VM", payload });
  const reported: Guest = { ...given, alreadyNotified: true, unsent: context.isShadow ? "shadow" : undefined };
  if (max_reports === 0) return { guest: reported, state };
  return { guest: reported, state: withReports(state, guest.uuid, [...times, context.at.mono]) };
}

/** Without what is of no use any more, guest by guest, from the one that was reported longest ago. */
function withoutOldReports(state: IntrospectiveState, context: Context): IntrospectiveState {
  let next = state;
  for (let oldest = next.index.reported.first(); oldest; oldest = next.index.reported.first()) {
    if (isRecent(oldest.at, context)) return next;
    next = withReports(next, oldest.subject, undefined);
  }
  return next;
}

/** Whether a report at `time` (mono) counts for `max_reports`; without a limit, none does. */
function isRecent(time: number, { at, settings }: Context): boolean {
  return settings.max_reports > 0 && at.mono - time < settings.report_window * 1000;
}
