import { generatedTime } from "../../notify/notification.ts";
import type { Activity, Findings } from "../observation.ts";
import type { Guest, IntrospectiveState } from "../state.ts";
import { called, cleared, say, subjectOf, type Turn } from "./turn.ts";

/** The examination of a guest has ended: what speaks for it is weighed, and if nothing does, Masakari is told. */
export function examinationEnded(
  state: IntrospectiveState,
  guest: Guest,
  findings: Findings,
  turn: Turn,
): { readonly guest: Guest; readonly reports: IntrospectiveState["reports"] } {
  const { reports } = state;
  const ended: Guest = { ...guest, examination: undefined };
  if (guest.examination?.void !== false) return { guest: ended, reports };
  if (guest.examination.purpose === "before") return { guest: { ...ended, activity: findings.activity }, reports };
  const spared = sparedBy(ended, findings, turn);
  if (spared) return { guest: spared, reports };
  return told(ended, reports, turn);
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
  reports: IntrospectiveState["reports"],
  turn: Turn,
): { readonly guest: Guest; readonly reports: IntrospectiveState["reports"] } {
  const { hostname, max_reports, report_window } = turn.settings;
  const recent = recentReports(reports, turn);
  const times = recent.get(guest.uuid) ?? [];
  const given: Guest = { ...guest, phase: "reported" };
  if (max_reports > 0 && times.length >= max_reports) {
    const often = `reported ${times.length} times within ${report_window} s`;
    say(turn, "error", `${called(guest)}: does not answer, but was ${often} already; see to it by hand`);
    return { guest: given, reports: recent };
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
  if (max_reports === 0) return { guest: { ...given, told: true }, reports: recent };
  return {
    guest: { ...given, told: true },
    reports: new Map([...recent, [guest.uuid, [...times, turn.at.mono]]]),
  };
}

/** Forgets what the window no longer holds; without a limit, everything. */
function recentReports(reports: IntrospectiveState["reports"], { at, settings }: Turn): Map<string, readonly number[]> {
  const recent = new Map<string, readonly number[]>();
  if (settings.max_reports === 0) return recent;
  for (const [uuid, times] of reports) {
    const kept = times.filter((time) => at.mono - time < settings.report_window * 1000);
    if (kept.length > 0) recent.set(uuid, kept);
  }
  return recent;
}
