/** A moment in UTC with microseconds: `ms` since the Unix epoch and `micros` (0–999) beyond it. */
export interface UtcTime {
  readonly ms: number;
  readonly micros: number;
}

/** `2026-11-22T12:13:17.715413`: how masakari-api shows every time. The text also sorts in the order of time. */
export function formatTime({ ms, micros }: UtcTime): string {
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}`;
}

/** The moment with its fraction cut off, as the database columns `created_at` and `updated_at` keep it. */
export function formatWholeSecond(ms: number): string {
  return formatTime({ ms: Math.floor(ms / 1000) * 1000, micros: 0 });
}

const iso =
  /^(?<year>\d{4})(?:(?:-(?<monthDash>\d{1,2})|(?<month>\d{2})(?!$))(?:(?:-(?<dayDash>\d{1,2})|(?<day>\d{2}))(?:[ T](?<hour>\d{2})(?::?(?<minute>\d{2}))?(?::?(?<second>\d{1,2})(?:[.,](?<fraction>\d+))?)?(?<zone>Z|(?<sign>[-+])(?<zoneHour>\d{2}):?(?<zoneMinute>\d{2})?)?)?)?)?\n?$/;

/**
 * Reads a time as the Python package iso8601 does: `T` or a space, basic or extended format, with or without parts
 * from the month on, any number of fraction digits (those after the sixth are cut off), `Z`, an offset or nothing (UTC).
 * @returns undefined if the text is no such time or the day does not exist
 */
export function parseIsoTime(text: string): UtcTime | undefined {
  const groups = iso.exec(text)?.groups;
  if (!groups) return undefined;
  const part = (value: string | undefined, otherwise: number) => (value === undefined ? otherwise : Number(value));
  const year = part(groups.year, 0);
  const month = part(groups.monthDash ?? groups.month, 1);
  const day = part(groups.dayDash ?? groups.day, 1);
  const [hour, minute, second] = [part(groups.hour, 0), part(groups.minute, 0), part(groups.second, 0)];
  if (year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (day < 1 || date.getUTCDate() !== day) return undefined;
  const offset = (part(groups.zoneHour, 0) * 60 + part(groups.zoneMinute, 0)) * (groups.sign === "-" ? -1 : 1);
  if (Math.abs(offset) >= 24 * 60) return undefined;
  const micros = Number((groups.fraction ?? "").slice(0, 6).padEnd(6, "0"));
  date.setUTCHours(hour, minute - offset, second, Math.floor(micros / 1000));
  const utcYear = date.getUTCFullYear();
  return utcYear < 1 || utcYear > 9999 ? undefined : { ms: date.getTime(), micros: micros % 1000 };
}
