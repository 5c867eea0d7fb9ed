import type { ProcessKey } from "./keys.ts";
import { userId } from "./user-id.ts";

/** A checked value of one key; `caution` is a warning about it, and a reason reads as the end of "KEY …". */
export type KeyValue =
  | { readonly value: string | number | boolean | undefined; readonly caution?: string }
  | { readonly reason: string };

/** What a YAML value is, in words. */
export function describeYaml(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (value instanceof Uint8Array) return "binary data";
  if (typeof value === "boolean") return `the boolean ${value}`;
  if (typeof value === "number" || typeof value === "bigint") return `the number ${value}`;
  return typeof value === "string" ? "text" : "a mapping";
}

/** The value limit of masakari-api's notification payload (its generic payload schema). Characters. */
const REPORTED_LENGTH = 255;

function name(value: unknown): KeyValue {
  if (value === null || value === undefined) return { reason: "is empty; it must name the process" };
  if (typeof value !== "string") return { reason: `must be text, not ${describeYaml(value)}; put it in quotes` };
  const text = value.trim();
  if (text === "") return { reason: "is empty; it must name the process" };
  const reported = text.slice(text.lastIndexOf("/") + 1);
  if (reported === "") return { reason: "must not end with a /: the part after the last / is what is reported" };
  return reported.length > REPORTED_LENGTH
    ? { value: text, caution: `is too long after its last /: Masakari refuses more than ${REPORTED_LENGTH} characters` }
    : { value: text };
}

// Words with which an operator shows that he expects a shell.
const SHELL_WORD = /^(?:\|\|?|&&?|;|\d*>>?(?:&\d)?|<)$|^\d*>|;$|\$\(|`/;

function shellCaution(text: string): string | undefined {
  const words = text.split(/\s+/);
  const word = words.find((one) => SHELL_WORD.test(one));
  if (word !== undefined)
    return `is run without a shell, so ${word} is passed on as an argument; put the command in a script`;
  return /["']/.test(text)
    ? "is split at white space and run without a shell, so its quotes are passed on as they stand; put the command in a script"
    : undefined;
}

function command(value: unknown): KeyValue {
  if (value === null || value === undefined) return { value: "" };
  if (typeof value !== "string") return { reason: `must be a command as text, not ${describeYaml(value)}` };
  const text = value.trim();
  const caution = text.includes("\n")
    ? "is one command, whatever lines it is written on: the words of all of them are its arguments"
    : shellCaution(text);
  return caution === undefined ? { value: text } : { value: text, caution };
}

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
  "": false,
};

function flag(value: unknown): KeyValue {
  if (value === null || value === undefined) return { value: false };
  const found = typeof value === "object" ? undefined : flags[String(value).toLowerCase()];
  return found === undefined
    ? {
        reason: `must be true or false, not ${typeof value === "string" ? JSON.stringify(value) : describeYaml(value)}`,
      }
    : { value: found };
}

function match(value: unknown): KeyValue {
  if (value === null || value === undefined) return { value: "program" };
  if (value === "program" || value === "substring" || value === "regex") return { value };
  return { reason: "must be program, substring or regex" };
}

function path(value: unknown): KeyValue {
  if (value === null || value === undefined || value === "") return { value: undefined };
  if (typeof value !== "string") return { reason: `must be a path, not ${describeYaml(value)}` };
  return value.startsWith("/") ? { value } : { reason: "must be an absolute path" };
}

function user(value: unknown): KeyValue {
  if (value === null || value === undefined || value === "") return { value: undefined };
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") return { reason: `must be a user, not ${describeYaml(value)}` };
  return userId(text) === undefined
    ? { reason: `${JSON.stringify(text)} is not in /etc/passwd; write the number of a user from elsewhere` }
    : { value: text };
}

function unit(value: unknown): KeyValue {
  if (value === null || value === undefined || value === "") return { value: undefined };
  if (typeof value !== "string") return { reason: `must be the name of a unit, not ${describeYaml(value)}` };
  return /^[\w:.@\\-]+$/.test(value) && !value.startsWith("-")
    ? { value }
    : { reason: "must be the name of one systemd unit, e.g. nova-compute.service" };
}

function number(value: unknown, whole: boolean, min: number): KeyValue {
  if (value === null || value === undefined) return { value: undefined };
  const kind = whole ? "a whole number" : "a number of seconds";
  if (typeof value !== "number" || !Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
    return { reason: `must be ${kind}, not ${describeYaml(value)}` };
  }
  return value < min ? { reason: `must be at least ${min}, not ${value}` } : { value };
}

/** Checks and completes the value of one key. */
export function checkKey(key: ProcessKey, value: unknown): KeyValue {
  switch (key.kind) {
    case "name":
      return name(value);
    case "command":
      return command(value);
    case "flag":
      return flag(value);
    case "match":
      return match(value);
    case "path":
      return path(value);
    case "user":
      return user(value);
    case "unit":
      return unit(value);
    case "seconds":
      return number(value, false, key.min ?? 0);
    case "count":
      return number(value, true, 0);
  }
}
