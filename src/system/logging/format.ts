import { hostname } from "node:os";
import { printable, printableJson } from "../printable.ts";
import type { LogRecord } from "./record.ts";

/** Turns a record into the text of one line, without its line end. */
export type LineFormat = (record: LogRecord) => string;

const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");

/** Python's `time.strftime` for what `log_date_format` is used with in practice; an unknown directive stays as it is. */
function strftime(format: string, time: Date): string {
  const directives: Readonly<Record<string, () => string>> = {
    "%": () => "%",
    d: () => pad(time.getDate()),
    F: () => strftime("%Y-%m-%d", time),
    H: () => pad(time.getHours()),
    I: () => pad(time.getHours() % 12 || 12),
    j: () => pad(Math.floor((time.getTime() - new Date(time.getFullYear(), 0, 0).getTime()) / 86_400_000), 3),
    M: () => pad(time.getMinutes()),
    m: () => pad(time.getMonth() + 1),
    p: () => (time.getHours() < 12 ? "AM" : "PM"),
    S: () => pad(time.getSeconds()),
    T: () => strftime("%H:%M:%S", time),
    y: () => pad(time.getFullYear() % 100),
    Y: () => String(time.getFullYear()),
    z: () => {
      const minutes = -time.getTimezoneOffset();
      const size = Math.abs(minutes);
      return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}${pad(size % 60)}`;
    },
  };
  return format.replace(/%(.)/g, (whole, letter: string) => directives[letter]?.() ?? whole);
}

/**
 * Anybody on the host can name a process, and a command may write anything: a line end in it must not begin what looks like a
 * record of ours, nor an escape sequence reach a terminal.
 */
function harmless(message: string): string {
  return printable(message, "\t\n").replaceAll("\n", "\n    ");
}

const CONVERSION = /%(?:%|\((\w+)\)([-0]*)(\d*)(?:\.\d+)?[sdi])/g;

/**
 * oslo.log's `logging_default_format_string` with `log_date_format`: Python's `%(name)s` conversions.
 * There is no request context in a monitor, so the context's keys are empty; an unknown key shows as `-`.
 */
export function textFormat(format: string, dateFormat: string): LineFormat {
  return (record) => {
    const time = new Date(record.time);
    const values: Readonly<Record<string, () => string>> = {
      asctime: () => strftime(dateFormat, time),
      created: () => String(record.time / 1000),
      instance: () => "",
      levelname: () => record.level.name,
      levelno: () => String(record.level.number),
      message: () => harmless(record.message),
      msecs: () => String(time.getMilliseconds()),
      name: () => record.name,
      process: () => String(process.pid),
      resource: () => "",
    };
    return format.replace(CONVERSION, (whole, key: string | undefined, flags: string, width: string) => {
      if (whole === "%%") return "%";
      const text = values[key ?? ""]?.() ?? "-";
      if (flags.includes("-")) return text.padEnd(Number(width));
      return text.padStart(Number(width), flags.includes("0") ? "0" : " ");
    });
  };
}

/** `use_json`: the members of oslo.log's JSONFormatter that mean something outside Python. */
export function jsonFormat(dateFormat: string): LineFormat {
  const host = hostname();
  return (record) => {
    const { name: levelname, number: levelno } = record.level;
    const time = new Date(record.time);
    return printableJson({
      message: record.message,
      asctime: strftime(dateFormat, time),
      name: record.name,
      levelname,
      levelno,
      created: record.time / 1000,
      msecs: time.getMilliseconds(),
      process: process.pid,
      hostname: host,
    });
  };
}
