import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Child, runToEnd } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { freePort } from "../support/ports.ts";
import { type ListEntry, quick, Rig } from "../support/process-monitor.ts";
import { notInstalled } from "./installed.ts";

const missing = await notInstalled(["openssh-server", "python3-cotyledon", "python3-setproctitle", "uwsgi-core"]);
const options = {
  skip:
    missing.length > 0
      ? `not installed: ${missing.join(", ")}`
      : process.getuid?.() !== 0 && "only root can run sshd and see what other users' processes execute",
};
const IN_TIME = 120_000;
/** What a monitor logs when it takes something for dead. */
const DEATH = /has ended|another program|restarting|is not running/;

/** A program that shows its arguments at first and titles of its own later. */
interface Titled {
  /** How it is listed, below the directory of the test. */
  readonly name: string;
  readonly start: (rig: Rig) => Promise<Child>;
  /** The title that it comes to by itself. */
  readonly title?: RegExp;
  /** Makes it show other things for a while. */
  readonly provoke?: (child: Child) => Promise<void>;
}

const COTYLEDON = `
import cotyledon, time
class Service(cotyledon.Service):
    name = "ComputeService"
    def run(self):
        time.sleep(900)
manager = cotyledon.ServiceManager()
manager.add(Service, workers=2)
manager.run()
`;

/** Shows its arguments until SIGUSR1, then something else every 20 ms: with its name, without, long, short and nothing at all. */
const MOODY = `
import random, signal, time
import setproctitle
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("waiting", flush=True)
signal.sigwait([signal.SIGUSR1])
random.seed(7)
count = 0
while True:
    word = "".join(random.choice("qrstuvwxyz") for _ in range(random.randrange(0, 12)))
    setproctitle.setproctitle(random.choice([word, word + ": [" + word + "]", " ", "svc: " + word, word * 50]))
    count += 1
    if count % 100 == 0:
        print(count, "titles", flush=True)
    time.sleep(0.02)
`;

const programs: readonly Titled[] = [
  {
    name: "sshd",
    async start(rig) {
      // sshd's own, made by its unit where there is one.
      mkdirSync("/run/sshd", { recursive: true });
      copy("/usr/sbin/sshd", rig.path("sshd"));
      const key = join(rig.directory, "hostkey");
      await runToEnd("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
      const socket = ["-o", "ListenAddress=127.0.0.1", "-p", String(await freePort()), "-o", "PidFile=none"];
      return rig.spawn(rig.path("sshd"), ["-D", "-e", "-f", "/dev/null", "-h", key, ...socket]);
    },
    title: /^sshd: \S+\/sshd -D .*\[listener\]/,
    async provoke(child) {
      for (let round = 0; round < 20; round++) {
        const from = child.output.length;
        child.signal("SIGHUP");
        // It has executed itself, shown its arguments for some 15 ms, and starts again.
        await child.line(/Server listening/, IN_TIME, from);
        await eventually("its title", IN_TIME, () => /^sshd: /.test(shownBy(child)) || undefined);
      }
    },
  },
  {
    name: "nova-compute",
    start: (rig) => python(rig, "nova-compute", COTYLEDON),
    title: /^nova-compute: master process \[/,
  },
  {
    name: "uwsgi",
    start(rig) {
      copy("/usr/bin/uwsgi-core", rig.path("uwsgi"));
      const socket = ["--socket", join(rig.directory, "uwsgi.socket")];
      return Promise.resolve(
        rig.spawn(rig.path("uwsgi"), ["--master", "--processes", "2", "--no-orphans", "--auto-procname", ...socket]),
      );
    },
    title: /^uWSGI master/,
  },
  {
    name: "moody",
    async start(rig) {
      const child = await python(rig, "moody", MOODY);
      await child.line(/waiting/, IN_TIME);
      return child;
    },
    async provoke(child) {
      const from = child.output.length;
      child.signal("SIGUSR1");
      await child.line(/[05]00 titles/, IN_TIME, from);
    },
  },
];

for (const { name, start, title, provoke } of programs) {
  test(`${name}, which rewrites its command line, is restarted when it ends and not before`, options, async (t) => {
    const { rig } = await scene(t);
    const child = await start(rig);
    const restart = await rig.restartScript(name, { failures: 0 });
    await rig.list([{ process_name: rig.path(name), restart_command: restart }]);
    const first = await rig.start(name);
    if (title) await eventually("its title", IN_TIME, () => title.test(shownBy(child)) || undefined);
    await provoke?.(child);
    await looks(rig, first, name);
    // Killed, as by an upgrade that goes wrong: what it knows is on disk.
    await first.stop("SIGKILL");
    const second = await rig.start(name);
    await provoke?.(child);
    await looks(rig, second, name);
    assert.doesNotMatch(rig.output, DEATH);
    assert.equal(await rig.rounds(name), 0);
    child.signal("SIGKILL");
    await second.line(/restarted in round 1/, IN_TIME);
    assert.equal(await rig.rounds(name), 1);
  });
}

test(
  "a program that is down at the start, has only a restart_command, and shows a title at once is restarted once",
  options,
  async (t) => {
    const { rig, cloud } = await scene(t);
    const script = rig.path("nova-compute");
    await rig.file(script, COTYLEDON);
    const started = join(rig.directory, "started");
    // As an init script would: in a session of its own, and not before it has its title.
    const restart = join(rig.directory, "restart.sh");
    writeFileSync(
      restart,
      `setsid /usr/bin/python3 ${script} >/dev/null 2>&1 </dev/null &
echo $! >>${started}
until grep -qa "master process" /proc/$!/cmdline; do sleep 0.05; done
echo round >>${rig.directory}/rounds-nova-compute
`,
    );
    await rig.list([{ process_name: script, restart_command: `/bin/sh ${restart}` }]);
    const monitor = rig.startUnawaited();
    await monitor.line(/restarted in round 1/, IN_TIME);
    await looks(rig, monitor, "nova-compute");
    assert.equal(await rig.rounds("nova-compute"), 1);
    assert.deepEqual(
      cloud.calls.filter(({ method }) => method === "POST"),
      [],
    );
  },
);

test(
  "with too few file descriptors for all processes nobody is taken for dead, and deaths are found by looking",
  options,
  async (t) => {
    const { rig } = await scene(t, { limit: 64 });
    const names = Array.from({ length: 100 }, (_, index) => `svc-${index}`);
    const targets = names.map((name) => rig.startProcess(name));
    await rig.listed(...names);
    const monitor = await rig.start(...names);
    await monitor.line(/cannot watch for some process exits \(too few file descriptors/, IN_TIME);
    await rig.list([...names, "svc-100"].map((name): ListEntry => ({ process_name: rig.path(name) })));
    await monitor.line(/it has 101 entries now/, IN_TIME);
    await monitor.line(/svc-100 is not running/, IN_TIME);
    assert.doesNotMatch(monitor.output, /has ended/);
    assert.equal(monitor.output.match(/too few file descriptors/g)?.length, 1);
    targets.at(-1)?.signal("SIGKILL");
    await monitor.line(/svc-99 \(pid \d+\) has ended/, IN_TIME);
  },
);

async function scene(t: TestContext, { limit }: { readonly limit?: number } = {}) {
  const cloud = await FakeCloud.start();
  const api = cloud.section();
  const rig: Rig = await Rig.create({ hostname: "compute1", api, process: { ...quick, settle: 1 } });
  t.after(async () => {
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  if (limit !== undefined) rig.limitDescriptors(limit);
  return { rig, cloud };
}

/** Resolves when the monitor has looked at everything again: a new entry is looked for in the look after the edit. */
async function looks(rig: Rig, monitor: Child, name: string): Promise<void> {
  const marker = `marker-${monitor.pid}`;
  rig.startProcess(marker);
  const list = readFileSync(rig.listFile, "utf8");
  await rig.list(`${list}- process_name: ${rig.path(marker)}\n`);
  await monitor.line(rig.running(marker), IN_TIME);
  await rig.list(list);
  await monitor.line(new RegExp(`${marker}: removed from the process list`), IN_TIME);
  assert.ok(list.includes(name));
}

async function python(rig: Rig, name: string, program: string): Promise<Child> {
  await rig.file(rig.path(name), program);
  return rig.spawn("/usr/bin/python3", [rig.path(name)]);
}

function copy(from: string, to: string): void {
  mkdirSync(join(to, ".."), { recursive: true });
  copyFileSync(from, to);
}

function shownBy({ pid }: Child): string {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) ? readFileSync(path, "utf8").replace(/\0+$/, "").replaceAll("\0", " ") : "";
}
