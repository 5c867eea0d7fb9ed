import { hashOf } from "../../introspective/guest.ts";
import type { RecordingLine } from "../../monitor/recording/record.ts";
import { uuidOfHash } from "./uuid-of-hash.ts";

/** What something is called in an anonymised recording. */
type Kind =
  | "guest-uuid"
  | "uuid"
  | "host"
  | "guest"
  | "process"
  | "unit"
  | "user"
  | "command"
  | "segment"
  | "path"
  | "address"
  | "name";

/** Members that hold a name, whatever the monitor. */
const MEMBERS: Readonly<Record<string, Kind>> = {
  hostname: "host",
  host: "host",
  target: "host",
  delegate: "host",
  instance_uuid: "guest-uuid",
  uuid: "guest-uuid",
  process_name: "process",
  systemd_unit: "unit",
  foundUnit: "unit",
  unit: "unit",
  user: "user",
  pidfile: "path",
  unmatched: "path",
  process_list_path: "path",
  qemu_log_directory: "path",
  qemu_guest_agent_sock_path: "path",
};
/** Members that hold a command, or a command line: both as `redact` of the process monitor leaves them. */
const COMMANDS = /^(?:command|shown|replacedBy|(?:pre_|post_)?(?:re)?start_command)$/;
const RESTART = /^systemctl restart (\S+)$/;
/** What `name` is, by the program. Of the process monitor it is the name of a phase. */
const NAMED: Readonly<Record<string, Kind>> = {
  hostmonitor: "host",
  instancemonitor: "guest",
  introspectiveinstancemonitor: "guest",
};
/** Objects whose `name` is none of these. */
const OTHERS: ReadonlySet<string> = new Set(["condition", "problems", "positions", "phase"]);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const ADDRESSES = [
  /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/g,
  /(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])/gi,
  // Of every scheme, `qemu+ssh://root@virt-1/system` too.
  /(?<=[a-z]:\/\/(?:[^\s@/]{0,255}@)?|BMC )[A-Za-z][\w.-]*/g,
];
/** Keystone's ids of users, projects and domains are UUIDs without hyphens. */
const KEYSTONE_ID = /(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])/gi;
/**
 * What is named in an error of a system or a library: `getaddrinfo ENOTFOUND keystone`, `no response at virt-1:16509`, `keystone.example.org`,
 * `open '/home/alice/ca.pem'`.
 */
const IN_ERRORS = {
  host: /(?<=\b(?:ENOTFOUND|EAI_AGAIN) )[a-z0-9][\w.-]{0,252}|(?<=\b(?:at|in|to|from|of) )[a-z][a-z0-9-]{0,62}(?=:\d{2,5}\b)/gi,
  program:
    /(?<=\bthere is no )(?!sudo )[\w.+@/-]{1,255}(?= \(commands run without)|(?<=could not be started: )(?!sudo )[\w.+@/-]{1,255}(?= is )/g,
  name: /(?<![\w.@/-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}(?![\w-]|\.\w)/gi,
  path: /(?<![\w./:-])\/(?:[\w.@+-]{1,255}\/){1,40}[\w.@+-]{1,255}/g,
} as const;
/** Units and files are no names of hosts. */
const NO_HOST =
  /\.(?:service|socket|timer|target|slice|scope|mount|path|conf|d|ya?ml|json|log|pid|sock|sqlite|rec|py|ts|md|pem|key|crt|so)$/i;
/** So long a text is a name or has one; a longer one is not searched. Characters. */
const SEARCHED = 20_000;

/** The names in a recording, each of the kind under which it was found first. */
export class Names {
  readonly #kinds = new Map<string, Kind>();
  /** Those that were only found within a text: what a member is called shows better what they are. */
  readonly #inTexts = new Set<string>();
  /**
   * Texts of effects are made by decisions: of what was not observed they name only what stands in the program, which a replay
   * would have again.
   */
  #isObserved = true;

  /** Takes in all names of a line. @param program whose line it is */
  add(line: RecordingLine, program: string): void {
    if (line.kind === "rows" && NAMED[program] !== undefined) {
      for (const [subject] of line.rows) this.#found(subject, program === "hostmonitor" ? "host" : "guest-uuid");
    }
    if (line.kind === "segment") {
      this.#text(line.bootId, undefined);
      return;
    }
    if ("effects" in line) {
      const { effects, ...observed } = line;
      this.#walk(observed, "", program, false);
      this.#isObserved = false;
      this.#walk(effects, "", program, false);
      this.#isObserved = true;
    } else this.#walk(line, "", program, false);
  }

  /** What each is called instead. Names of one kind keep their order, and guests the hash of their UUID: decisions depend on both. */
  replacements(): ReadonlyMap<string, string> {
    const byKind = new Map<Kind, string[]>();
    for (const [name, kind] of this.#kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
    const replacements = new Map<string, string>();
    for (const [kind, names] of byKind) {
      names.sort();
      for (const [index, name] of names.entries()) replacements.set(name, replacementOf(kind, index + 1, name));
    }
    // A process of the list may be named by its path; Masakari is notified of its last part.
    for (const name of byKind.get("process") ?? []) {
      const last = replacements.get(baseName(name));
      if (name.includes("/") && last !== undefined) replacements.set(name, `/path/${last}`);
    }
    return replacements;
  }

  #walk(value: unknown, member: string, program: string, isOther: boolean): void {
    if (typeof value === "string" && COMMANDS.test(member)) this.#command(value);
    else if (typeof value === "string") {
      this.#text(value, isOther ? undefined : (MEMBERS[member] ?? (member === "name" ? NAMED[program] : undefined)));
    } else if (Array.isArray(value)) {
      for (const item of value) this.#walk(item, member, program, isOther);
    } else if (value instanceof Map) {
      for (const [key, item] of value) {
        this.#walk(key, member === "segmentHosts" ? "host" : "", program, isOther);
        this.#walk(item, member, program, isOther);
      }
    } else if (value instanceof Set) {
      for (const item of value) this.#walk(item, member, program, isOther);
    } else if (typeof value === "object" && value !== null) {
      this.#members(value, member, program, isOther);
    }
  }

  #members(value: object, member: string, program: string, isOther: boolean): void {
    const isSegment = member === "segment";
    for (const [name, item] of Object.entries(value)) {
      if (member === "host_names") this.#found(name, "host");
      if (isSegment && name === "name") this.#found(String(item), "segment");
      else if (isSegment || (member === "hosts" && name === "uuid")) this.#found(String(item), "uuid");
      else this.#walk(item, member === "host_names" ? "host" : name, program, isOther || OTHERS.has(name));
    }
  }

  #command(text: string): void {
    const unit = RESTART.exec(text)?.[1];
    this.#found(unit ?? text, unit === undefined ? "command" : "unit");
  }

  #text(text: string, kind: Kind | undefined): void {
    if (kind !== undefined) this.#found(text, kind);
    const searched = text.slice(0, SEARCHED);
    for (const pattern of [UUID, KEYSTONE_ID]) for (const [id] of searched.matchAll(pattern)) this.#found(id, "uuid");
    for (const pattern of ADDRESSES)
      for (const [address] of searched.matchAll(pattern)) this.#found(address, "address");
    if (!this.#isObserved || kind !== undefined) return;
    for (const [name] of searched.matchAll(IN_ERRORS.host)) this.#foundInText(name, "name");
    for (const [name] of searched.matchAll(IN_ERRORS.program)) this.#foundInText(name, "name");
    for (const [name] of searched.matchAll(IN_ERRORS.name)) if (!NO_HOST.test(name)) this.#foundInText(name, "name");
    for (const [path] of searched.matchAll(IN_ERRORS.path)) this.#foundInText(path, "path");
  }

  #foundInText(name: string, kind: Kind): void {
    if (this.#kinds.has(name)) return;
    this.#kinds.set(name, kind);
    this.#inTexts.add(name);
  }

  #found(name: string, kind: Kind): void {
    if (name === "") return;
    if (this.#inTexts.delete(name)) this.#kinds.delete(name);
    if (kind === "process" && name.includes("/")) this.#found(baseName(name), kind);
    const before = this.#kinds.get(name);
    // What is a guest's in one place is so in all.
    if (before === undefined || kind === "guest-uuid") this.#kinds.set(name, kind);
  }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function replacementOf(kind: Kind, rank: number, name: string): string {
  const number = String(rank).padStart(5, "0");
  switch (kind) {
    case "guest-uuid":
      return uuidOfHash(rank, hashOf(name));
    case "uuid":
      return `ffffffff-0000-4000-8000-${String(rank).padStart(12, "0")}`;
    case "unit":
      return `unit-${number}${/\.[a-z]+$/.exec(name)?.[0] ?? ""}`;
    case "command":
      return `command-${number}${name.endsWith(" ***") ? " ***" : ""}`;
    case "path":
      return `/path/${number}`;
    default:
      return `${kind}-${number}`;
  }
}
