import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { monitorPrograms } from "../../src/cli/programs/index.ts";

/** So long each program runs after it has begun, ms: it has found no cloud by then, and what it watches. */
const RUNNING = 2500;
/** For the rest, ms. */
const LIMIT = 120_000;
const POLL = 100;

/**
 * Runs each monitor of a build that records (`record-bundle.ts`) on a host of its own without a cloud or libvirt, so that its code cache
 * contains what a start needs. What is missing there is compiled when it is needed, as without a code cache.
 * @throws if a program does not start, or a cache is missing
 */
export async function recordCodeCaches(project: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "masakari-build-"));
  try {
    const programs = Object.keys(monitorPrograms).map((name) => ({ bundle: `masakari-${name}`, args: [] as string[] }));
    const runs = [...programs, { bundle: "masakari-monitors-run", args: ["run"] }].map(({ bundle, args }, index) => {
      const command = [bundle.replace(/-run$/, ""), ...args, "--config-file", hostIn(join(directory, String(index)))];
      return recordOne(project, command, [bundle, "disk-thread"]);
    });
    await Promise.all(runs);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function recordOne(project: string, command: readonly string[], bundles: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(LIMIT);
  const child = spawn("sh", [join(project, "bin/launch"), ...command], {
    env: { ...process.env, MASAKARI_MONITORS_RUN: "build" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  const exited = new Promise((resolve) => child.on("close", resolve));
  try {
    await begun(child, command);
    await sleep(RUNNING);
    const since = Date.now();
    for (const bundle of bundles) await recorded(join(project, "dist/parts"), bundle, since, signal);
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

async function recorded(parts: string, bundle: string, since: number, signal: AbortSignal): Promise<void> {
  const isCache = (name: string): boolean => name.startsWith(`${bundle}-`) && name.endsWith(".cache");
  while (!readdirSync(parts).some((name) => isCache(name) && statSync(join(parts, name)).mtimeMs > since)) {
    await sleep(POLL, undefined, { signal });
  }
}

/** Until it has read its configuration; what it prints after that is discarded. */
function begun(child: ChildProcess, command: readonly string[]): Promise<void> {
  let output = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        if (output.length < 65_536) output += text;
        if (output.includes("configured by")) resolve();
      });
    }
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`${command.join(" ")} has ended: ${output}`)));
  });
}

/** @returns the path of its configuration file */
function hostIn(directory: string): string {
  mkdirSync(join(directory, "state"), { recursive: true, mode: 0o700 });
  const file = join(directory, "masakarimonitors.conf");
  const processList = join(directory, "process_list.yaml");
  const options = [
    `[DEFAULT]\nhostname = build\nstate_path = ${directory}/state`,
    // Nothing listens there.
    "[api]\nauth_url = http://127.0.0.1:1/v3\nusername = build\npassword = build\nproject_name = build",
    "user_domain_id = default\nproject_domain_id = default\nregion = build",
    `[process]\nprocess_list_path = ${processList}`,
    `[libvirt]\nconnection_uri = qemu+unix:///system?socket=${directory}/libvirt`,
  ];
  writeFileSync(file, `${options.join("\n")}\n`);
  writeFileSync(processList, `- process_name: ${process.execPath}\n  start_command: /bin/true\n  run_as_root: false\n`);
  return file;
}
