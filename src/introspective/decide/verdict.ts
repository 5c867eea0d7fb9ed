import { generatedTime } from "../../notify/notification.ts";
import type { Guest } from "../guest.ts";
import type { Activity, Findings } from "../observation.ts";
import type { IntrospectiveState } from "../state.ts";
import { withReports } from "../state-changes.ts";
import { called, cleared, say, subjectOf, type Turn } from "./turn.ts";

/** The examination of a guest has ended: what speaks for it is weighed, and if nothing does, Masakari is told. */
export function examinationEnded(
  state: IntrospectiveState,
  guest: Guest,
  findings: Findings,
  turn: Turn,
): { readonly guest: Guest; readonly state: IntrospectiveState } {
  const ended: Guest = { ...guest, examination: undefined };
  if (guest.examination?.void !== false) return { guest: ended, state };
  if (guest.examination.purpose === "before") return { guest: { ...ended, activity: findings.activity }, state };
  const spared = sparedBy(ended, findings, turn);
  if (spared) return { guest: spared, state };
  return told(ended, withoutOldReports(state, turn), turn);
}

function sparedBy(guest: Guest, { running, job, activity }: Findings, turn: Turn): Guest | undefined {
  if (running === false) {
    say(turn, "info", `${called(guest)}: does not run any more, and is not reported`);
    turn.effects.push({ kind: "look", uuid: guest.uuid });
    return { ...cleared(guest), running: false };
  }
  if (job === true && turn.settings.leave_alone_migrating) {
    say(turn, "warning", `${called(guest)}: is being migrated or saved, and is not reported meanwhile`);
    return guest;
  }
  if (turn.settings.check_io && isActive(guest.activity, activity)) {
    say(turn, "warning", `${called(guest)}: its agent does not answer, but it uses its disks or network; not reported`);
    return { ...guest, failures: 0, silent: 0, activity: undefined };
  }
  return undefined;
}

/** A count that is missing in one of them, since libvirt was busy then, says nothing. */
function isActive(before: Activity | undefined, now: Activity | undefined): boolean {
  return Object.entries(now ?? {}).some(([name, count]) => before?.[name] !== undefined && before[name] !== count);
}

function told(
  guest: Guest,
  state: IntrospectiveState,
  turn: Turn,
): { readonly guest: Guest; readonly state: IntrospectiveState } {
  const { hostname, max_reports, report_window } = turn.settings;
  const times = (state.reports.get(guest.uuid) ?? []).filter((time) => isRecent(time, turn));
  const given: Guest = { ...guest, phase: "reported" };
  if (max_reports > 0 && times.length >= max_reports) {
    const often = `reported ${times.length} times within ${report_window} s`;
    say(turn, "error", `${called(guest)}: does not answer, but was ${often} already; see to it by hand`);
    return { guest: given, state };
  }
  say(turn, "error", `${called(guest)}: given up after ${guest.failures} failed pings in a row; Masakari is notified`);
  turn.effects.push({
    kind: "notify",
    subject: subjectOf(guest.uuid),
    notification: {
      type: "VM",
      hostname,
      generated_time: generatedTime(turn.at.wall),
      payload: {
        event: "QEMU_GUEST_AGENT_ERROR",
        instance_uuid: guest.uuid,
        vir_domain_event: "STOPPED_FAILED",
      },
    },
  });
  const reported: Guest = { ...given, told: true };
  if (max_reports === 0) return { guest: reported, state };
  return { guest: reported, state: withReports(state, guest.uuid, [...times, turn.at.mono]) };
}

/** Without what is of no use any more, guest by guest, from the one that was reported longest ago. */
function withoutOldReports(state: IntrospectiveState, turn: Turn): IntrospectiveState {
  let next = state;
  for (let oldest = next.index.reported.first(); oldest; oldest = next.index.reported.first()) {
    if (isRecent(oldest.at, turn)) return next;
    next = withReports(next, oldest.subject, undefined);
  }
  return next;
}

/** Whether a report at `time` (mono) counts for `max_reports`; without a limit, none does. */
function isRecent(time: number, { at, settings }: Turn): boolean {
  return settings.max_reports > 0 && at.mono - time < settings.report_window * 1000;
}
