import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const source = new URL("../../../../src/system/logging/open-log.ts", import.meta.url).href;
const defaults = {
  debug: false,
  log_date_format: "%Y",
  logging_default_format_string: "%(levelname)s %(name)s %(message)s",
  use_syslog: false,
  syslog_log_facility: "LOG_USER",
  use_journal: false,
  use_json: false,
  use_stderr: false,
  watch_log_file: false,
};

/** Logs in a process of its own, as a program does, and returns what reached standard error. */
async function run(options: object, body: string): Promise<string> {
  const script = `import { openLog } from ${JSON.stringify(source)};
    const opened = openLog("masakari-test", ${JSON.stringify({ ...defaults, ...options })}); const { log } = opened;
    ${body}
    await opened.drained();`;
  const { stderr } = await promisify(execFile)(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "-e",
    script,
  ]);
  return stderr;
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "open-log-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("without a file, lines go to standard error; debug only when asked for", async () => {
  const body = `log.debug("d"); log.named("masakarimonitors.x").warning("w"); log.critical("c");`;
  assert.equal(await run({}, body), "WARNING masakarimonitors.x w\nCRITICAL masakarimonitors c\n");
  assert.match(await run({ debug: true }, body), /^DEBUG masakarimonitors d\n/);
});

test("log_dir names the file after the program, and standard error stays silent", async () => {
  const directory = join(scratch(), "log");
  assert.equal(await run({ log_dir: directory }, `log.info("kept")`), "");
  assert.equal(readFileSync(join(directory, "masakari-test.log"), "utf8"), "INFO masakarimonitors kept\n");
});

test("a log file that cannot be opened is reported on standard error, and so is every line", async () => {
  const stderr = await run({ log_file: "/dev/null/no/file.log" }, `log.info("still here")`);
  assert.match(stderr, /ERROR .*\/dev\/null\/no\/file\.log cannot be used/);
  assert.match(stderr, /INFO masakarimonitors still here\n/);
});

test("watch_log_file goes on in a new file after a rotation", async () => {
  const path = join(scratch(), "a.log");
  await run(
    { log_file: path, watch_log_file: true },
    `const fs = await import("node:fs"); log.info("one"); await opened.drained();
     fs.renameSync(${JSON.stringify(path)}, ${JSON.stringify(`${path}.1`)});
     log.info("two");
     while (!fs.existsSync(${JSON.stringify(path)}) || fs.statSync(${JSON.stringify(path)}).size === 0)
       await new Promise((done) => setImmediate(done));`,
  );
  assert.match(readFileSync(`${path}.1`, "utf8"), /one/);
  assert.match(readFileSync(path, "utf8"), /two/);
});

test("watch_log_file goes on in the open file while the disk cannot be read", async () => {
  const directory = join(scratch(), "log");
  const path = join(directory, "a.log");
  const support = new URL("../../../support/unreadable-directory.ts", import.meta.url).href;
  await run(
    { log_file: path, watch_log_file: true },
    `const { unreadable } = await import(${JSON.stringify(support)}); log.info("one");
     const restore = unreadable(${JSON.stringify(directory)}); log.info("two"); log.info("three"); restore(); log.info("four");`,
  );
  assert.equal(
    readFileSync(path, "utf8")
      .match(/one|two|three|four/g)
      ?.join(),
    "one,two,three,four",
  );
});

test("nobody reading standard error does not make the program wait", async () => {
  const script = `import { openLog } from ${JSON.stringify(source)};
    const { log } = openLog("masakari-test", ${JSON.stringify(defaults)});
    for (let i = 0; i < 50000; i += 1) log.info("x".repeat(100));
    process.stdout.write("done\\n", () => process.kill(process.pid, "SIGKILL"));`;
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const [data] = (await once(child.stdout, "data")) as [Buffer];
  assert.equal(data.toString(), "done\n");
});

test("what is logged just before the program ends at once is in the file", async () => {
  const file = join(scratch(), "log");
  const exit = new URL("../../../../src/system/exit.ts", import.meta.url).href;
  // While the first line is being written the others wait.
  const body = `for (let n = 0; n < 50; n++) log.info("line " + n + ".");
    await opened.drained(); (await import(${JSON.stringify(exit)})).exitNow(0);`;
  await run({ log_file: file }, body);
  assert.match(readFileSync(file, "utf8"), /line 0\.[\s\S]*line 49\.\n$/);
});
