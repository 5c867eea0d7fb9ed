import assert from "node:assert/strict";
import type { ProcessIdentity } from "../../src/system/proc-table.ts";
import { entryNamed } from "../support/process-entries.ts";
import { ProcessWorld } from "../support/process-world.ts";
import { Seeded } from "../support/seeded.ts";

/** A service of the simulated host: how it is listed, and how its processes begin. */
interface Program {
  readonly listed: string;
  readonly argv: string;
  readonly file: string;
  /** What it shows of itself that still has its name in it. */
  readonly titles: readonly string[];
}

const PROGRAMS: readonly Program[] = [
  {
    listed: "/usr/sbin/sshd",
    argv: "/usr/sbin/sshd -D",
    file: "/usr/sbin/sshd",
    titles: ["sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"],
  },
  {
    listed: "/usr/bin/nova-compute",
    argv: "/usr/bin/python3 /usr/bin/nova-compute --config-file /etc/nova/nova.conf",
    file: "/usr/bin/python3.11",
    titles: ["nova-compute: master process [/usr/bin/nova-compute --config-file /etc/nova/nova.conf]"],
  },
  {
    listed: "neutron-dhcp-agent",
    argv: "/usr/bin/python3 /usr/bin/neutron-dhcp-agent",
    file: "/usr/bin/python3.11",
    titles: ["neutron-dhcp-agent: starting", "(neutron-dhcp-agent) - api worker", "agent [/opt/neutron-dhcp-agent -v]"],
  },
  {
    listed: "/usr/bin/uwsgi_python3",
    argv: "/usr/bin/uwsgi_python3 --ini /etc/nova-api.ini",
    file: "/usr/bin/uwsgi-core",
    titles: ["uwsgi_python3 master", "x /usr/bin/uwsgi_python3"],
  },
  { listed: "/opt/moody", argv: "/opt/moody", file: "/opt/moody", titles: ["moody: calm", "moody"] },
];

/** A Python program needs longer than that until it sets a title. ms. */
const PLAIN_MS = 400;

/** A host with programs that rewrite their command lines at any time, the same for the same seed. */
export function retitlingOf(seed: number) {
  const random = new Seeded(seed);
  const programs = PROGRAMS.filter(() => random.chance(0.7));
  const world = new ProcessWorld(
    programs.map(({ listed }) => entryNamed(listed, { start_command: "", restart_command: "restart" })),
    { settle: 1 },
  );
  world.pidfd = random.chance(0.8);
  world.table.seesExecutables = random.chance(0.5);
  const counts = { titles: 0, deaths: 0, ownRestarts: 0 };
  const current = new Map<string, ProcessIdentity>();

  const retitle = (program: Program, process: ProcessIdentity) => {
    const one = world.table.get(process.pid);
    if (!one || one.startTime !== process.startTime) return;
    const phase = world.phaseOf(program.listed);
    const isKnown = phase?.name === "up" && phase.process.pid === process.pid;
    // Nobody could recognise it by that.
    const title = isKnown && random.chance(0.6) ? nonsense(random) : random.pick(program.titles);
    one.raw = random.chance(0.3) ? `${title}\0` : title.padEnd(200, "\0");
    // Only setproctitle of Python changes that, too.
    if (program.file.includes("python") && random.chance(0.5)) one.name = title.slice(0, 15);
    counts.titles++;
    world.note(`${program.listed}: pid ${process.pid} shows "${title}"`);
  };
  const begin = (program: Program): ProcessIdentity => {
    const process = world.spawn(program.listed);
    const base = program.argv.split(" ").find((word) => word.endsWith(program.listed)) ?? program.listed;
    world.table.add(process, program.argv, {
      name: base.slice(base.lastIndexOf("/") + 1).slice(0, 15),
      executable: { path: program.file, file: `1:${program.file}` },
    });
    current.set(program.listed, process);
    world.after(random.between(PLAIN_MS, 3000), () => retitle(program, process));
    return process;
  };
  world.behave = () => ({ ms: 10, succeeds: true });
  world.onRun = ({ key, stage }) => {
    const program = programs.find(({ listed }) => listed === key);
    if (program && stage === "restart_command") world.after(5, () => begin(program));
  };

  const something = async () => {
    const program = random.pick(programs);
    const process = current.get(program.listed);
    const isUp = world.phaseOf(program.listed)?.name === "up" && process && world.isRunning(program.listed);
    switch (random.between(0, 9)) {
      case 0: {
        if (!isUp) return;
        counts.deaths++;
        const before = world.runs.length;
        world.kill(program.listed);
        await world.run(20_000);
        const [run] = world.runs.slice(before).filter(({ key }) => key === program.listed);
        assert.ok(run && world.isRunning(program.listed), `the end of ${program.listed} is not noticed`);
        return;
      }
      case 1:
        // systemd restarts it, perhaps its next version.
        if (!isUp) return;
        counts.ownRestarts++;
        world.kill(program.listed);
        await world.run(random.between(0, 500));
        begin(program);
        return;
      case 2:
        world.stopMonitor();
        await world.run(random.pick([0, 100, 20_000]));
        return world.startMonitor();
      case 3:
        world.tableUnreadable = true;
        return world.after(random.between(0, 10_000), () => {
          world.tableUnreadable = false;
        });
      default:
        if (process) retitle(program, process);
    }
  };
  const play = async () => {
    if (programs.length === 0) return;
    for (const program of programs) begin(program);
    await world.run(random.between(0, 2000));
    world.startMonitor();
    for (let step = 0; step < 60; step++) {
      await world.run(random.pick([0, 7, 300, 5000, 8000, 30_000]));
      await something();
    }
    world.tableUnreadable = false;
    await world.run(60_000);
  };
  return { world, play, counts };
}

/** A title that has nothing to do with the program, or none at all. */
function nonsense(random: Seeded): string {
  const letters = () =>
    String.fromCharCode(...Array.from({ length: random.between(1, 12) }, () => random.between(113, 122)));
  return random.pick(["", letters(), `${letters()} ${letters()}`, `${letters()}: [${letters()}]`, " ", "tail -f zzz"]);
}
