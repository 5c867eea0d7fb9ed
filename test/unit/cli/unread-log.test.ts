import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import { eventually, within } from "../../support/eventually.ts";

const IN_TIME = 60_000;
const source = (path: string): string => new URL(`../../../src/${path}`, import.meta.url).href;
const monitor = fileURLToPath(new URL("../../../bin/masakari-processmonitor", import.meta.url));

function scratch(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "unread-log-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A named pipe that is open for reading and full. */
function fullPipe(context: TestContext): { readonly fd: number; read(): string } {
  const path = join(scratch(context), "pipe");
  execFileSync("mkfifo", [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  context.after(() => closeSync(fd));
  try {
    for (;;) writeSync(fd, "x\n".repeat(2048));
  } catch {
    // Full.
  }
  const buffer = Buffer.alloc(1 << 20);
  const read = (): string => {
    try {
      return buffer.toString("utf8", 0, readSync(fd, buffer));
    } catch {
      return "";
    }
  };
  return { fd, read };
}

/** A program that logs more than any pipe, socket or queue holds, and then runs `ending`. */
function flood(options: object, ending: string): string[] {
  const script = `import { openLog } from ${JSON.stringify(source("system/logging/open-log.ts"))};
    import { endOnDefect } from ${JSON.stringify(source("cli/defects.ts"))};
    import { exitNow } from ${JSON.stringify(source("system/exit.ts"))};
    const opened = openLog("masakari-test", { debug: false, log_date_format: "%Y", use_syslog: false,
      logging_default_format_string: "%(message)s", syslog_log_facility: "LOG_USER", use_journal: false, use_json: false,
      use_stderr: false, watch_log_file: false, ...${JSON.stringify(options)} });
    const { log } = opened;
    endOnDefect(opened);
    for (let line = 0; line < 15_000; line += 1) log.info(line + "x".repeat(100));
    ${ending}`;
  return ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
}

const ENDINGS = [
  ["an orderly end", "await opened.drained(); exitNow(0);", 0],
  ["a defect", "setTimeout(() => { throw new Error('defect'); });", 70],
] as const;

for (const [what, ending, code] of ENDINGS) {
  test(`nobody reads standard error, a pipe: ${what} is one`, async (t) => {
    const child = spawn(process.execPath, flood({}, ending), { stdio: ["ignore", "ignore", fullPipe(t).fd] });
    assert.deepEqual(await within("its end", IN_TIME, once(child, "exit")), [code, null]);
  });

  test(`nobody reads standard error, a stream socket: ${what} is one`, async () => {
    // Node's pipes are sockets, and are read only once somebody asks.
    const child = spawn(process.execPath, flood({}, ending), { stdio: ["ignore", "ignore", "pipe"] });
    assert.deepEqual(await within("its end", IN_TIME, once(child, "exit")), [code, null]);
    child.stderr.destroy();
  });

  test(`nobody reads the named pipe that is the log file: ${what} is one, and standard error has that`, async (t) => {
    const path = join(scratch(t), "log");
    execFileSync("mkfifo", [path]);
    const child = new Child(process.execPath, flood({ log_file: path }, ending));
    assert.equal((await within("its end", IN_TIME, child.exited)).code, code);
    assert.match(child.output, /log is a named pipe: while it is not being read, lines beyond 1 MiB are dropped/);
  });
}

test("as soon as somebody reads again, the number of dropped lines is logged, and later ones are written", async (t) => {
  const pipe = fullPipe(t);
  const ending =
    "process.on('SIGUSR2', () => log.info('later')); setInterval(() => undefined, 60_000); process.stdout.write('flooded\\n');";
  const child = spawn(process.execPath, flood({}, ending), { stdio: ["ignore", "pipe", pipe.fd] });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout as Readable, "data");
  let text = "";
  await eventually("the dropped lines", IN_TIME, () => {
    text += pipe.read();
    return /^[1-9]\d* lines of this log were dropped: it was not being read/m.test(text) || undefined;
  });
  assert.match(text, /^0x+$/m, "what was first is not what is dropped");
  child.kill("SIGUSR2");
  await eventually("a later line", IN_TIME, () => {
    text += pipe.read();
    return /^later$/m.test(text) || undefined;
  });
});

test("a reader of the named pipe that is the log file may come late", async (t) => {
  const path = join(scratch(t), "log");
  execFileSync("mkfifo", [path]);
  const few = flood({ log_file: path }, "setInterval(() => undefined, 60_000);").map((one) =>
    one.replace("15_000", "3"),
  );
  const child = new Child(process.execPath, few);
  t.after(() => child.stop("SIGKILL"));
  await child.line(/is a named pipe/, IN_TIME);
  const reader = new Child("/usr/bin/head", ["-n", "3", path]);
  await within("three lines", IN_TIME, reader.exited);
  assert.match(reader.output, /^0x+\n1x+\n2x+\n$/);
});

test("SIGTERM ends a monitor whose standard error nobody reads", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "list.yaml"), "- process_name: node\n  restart_command: /bin/true\n");
  const conf = join(directory, "m.conf");
  writeFileSync(
    conf,
    `[DEFAULT]
state_path = ${directory}/state
[api]
auth_type = none
endpoint = http://127.0.0.1:9
[process]
process_list_path = ${directory}/list.yaml
`,
  );
  const child = spawn(monitor, ["--config-file", conf], { stdio: ["ignore", "ignore", fullPipe(t).fd] });
  t.after(() => child.kill("SIGKILL"));
  const socket = join(directory, "state", "processmonitor.sock");
  await eventually("its start", IN_TIME, () => existsSync(socket) || undefined);
  child.kill("SIGTERM");
  assert.deepEqual(await within("its end", IN_TIME, once(child, "exit")), [0, null]);
});
