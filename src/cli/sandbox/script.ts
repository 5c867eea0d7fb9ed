import { hostname } from "node:os";
import { messageOf } from "../../system/message-of.ts";
import { isRunning, pidOf, type SandboxService } from "./services.ts";
import type { Stage } from "./stage.ts";
import type { Moment } from "./timeline.ts";

const WITHIN_MS = 60_000;

const storedHost =
  (name: string) =>
  ({ speaker, text }: Moment): boolean =>
    speaker === "masakari" && text.includes(`STOPPED OFFLINE NORMAL on ${name}; stored`);

async function expectDownHosts(stage: Stage, count: number, signal: AbortSignal): Promise<void> {
  const found = await stage.api.countDownHosts(signal);
  expect(found === count, `Masakari holds ${found} notifications that a host is down, not ${count}`);
}

function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

const runsAgain =
  ({ name }: SandboxService) =>
  ({ speaker, text }: Moment): boolean =>
    speaker === "monitor" && text.includes(`${name} `) && / is running| has recovered/.test(text);

const stored =
  ({ name }: SandboxService) =>
  ({ speaker, text }: Moment): boolean =>
    speaker === "masakari" && text.includes(`${name} on ${hostname()}; stored`);

async function expectNotifications(
  stage: Stage,
  service: SandboxService,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const found = await stage.api.countAbout(service.name, signal);
  expect(found === count, `Masakari holds ${found} notifications about ${service.name}, not ${count}`);
}

async function restarted(stage: Stage, service: SandboxService, signal: AbortSignal): Promise<void> {
  const before = pidOf(service);
  const again = stage.timeline.next(`${service.name} is restarted`, runsAgain(service), WITHIN_MS, signal);
  stage.kill(service);
  await again;
  expect(isRunning(service) && pidOf(service) !== before, `${service.name} does not run`);
  await expectNotifications(stage, service, 0, signal);
}

async function masakariTold(stage: Stage, service: SandboxService, signal: AbortSignal): Promise<void> {
  stage.breakRestart(service);
  const notified = stage.timeline.next(`Masakari is notified of ${service.name}`, stored(service), WITHIN_MS, signal);
  stage.kill(service);
  await notified;
  expect(!isRunning(service), `${service.name} runs although its restart command is broken`);
  stage.mendRestart(service);
  const again = stage.timeline.next(`${service.name} is seen to run again`, runsAgain(service), WITHIN_MS, signal);
  await stage.startByHand(service);
  await again;
  await expectNotifications(stage, service, 1, signal);
}

async function outlivesOutage(stage: Stage, service: SandboxService, signal: AbortSignal): Promise<void> {
  stage.breakRestart(service);
  await stage.stopApi();
  const waiting = stage.timeline.next(
    `the outbox keeps the notification about ${service.name}`,
    ({ speaker, text }) => speaker === "outbox" && text.startsWith("WARNING"),
    WITHIN_MS,
    signal,
  );
  stage.kill(service);
  await waiting;
  const notified = stage.timeline.next(`Masakari is notified of ${service.name}`, stored(service), WITHIN_MS, signal);
  await stage.startApi();
  await notified;
  await expectNotifications(stage, service, 1, signal);
  stage.mendRestart(service);
}

/** A simulated host crashes: without proof nothing is sent; the cluster fences it, and Masakari is notified by one monitor. */
async function hostDies(stage: Stage, signal: AbortSignal): Promise<void> {
  const lost = stage.hosts.machine("node-3");
  if (lost === undefined) throw new Error("there is no node-3");
  const notified = stage.timeline.next("Masakari is notified of node-3", storedHost("node-3"), WITHIN_MS, signal);
  stage.hosts.fail(lost);
  await notified;
  await expectDownHosts(stage, 1, signal);
}

/** Five of seven watched hosts are lost at once: held, until an operator releases them. */
async function stormHeld(stage: Stage, signal: AbortSignal): Promise<void> {
  const before = await stage.api.countDownHosts(signal);
  const held = stage.timeline.next(
    "the storm guard holds the reports",
    ({ text }) => text.includes("is lost but not reported (storm guard)"),
    WITHIN_MS,
    signal,
  );
  stage.hosts.storm();
  await held;
  await expectDownHosts(stage, before, signal);
  const notified = Promise.all(
    ["node-4", "node-5", "node-6", "node-7", "node-8"].map((name) =>
      stage.timeline.next(`Masakari is notified of ${name}`, storedHost(name), WITHIN_MS, signal),
    ),
  );
  await stage.hosts.command("release", "--reason", "the rack is down");
  await notified;
  await expectDownHosts(stage, before + 5, signal);
}

const withService =
  (name: string, play: (stage: Stage, service: SandboxService, signal: AbortSignal) => Promise<void>) =>
  async (stage: Stage, signal: AbortSignal): Promise<void> => {
    const service = stage.service(name);
    if (service === undefined) throw new Error(`there is no service ${name}`);
    await play(stage, service, signal);
  };

const acts: readonly { readonly title: string; readonly play: (stage: Stage, signal: AbortSignal) => Promise<void> }[] =
  [
    {
      title: "A process dies and is restarted; Masakari need not know",
      play: withService("sandbox-web", restarted),
    },
    {
      title: "A process dies and cannot be restarted; Masakari is notified, once",
      play: withService("sandbox-worker", masakariTold),
    },
    { title: "The same while the API is down; nothing is lost", play: withService("sandbox-web", outlivesOutage) },
    {
      title: "A simulated host crashes; Masakari is notified when there is proof, by one of two monitors",
      play: hostDies,
    },
    {
      title: "Five simulated hosts are lost at once; nothing is reported until an operator releases it",
      play: stormHeld,
    },
  ];

/** Plays all things to try. @returns whether each of them ended as it should */
export async function playScript(stage: Stage, signal: AbortSignal): Promise<boolean> {
  let good = 0;
  for (const [number, { title, play }] of acts.entries()) {
    stage.timeline.print(`\n── ${number + 1}. ${title}`);
    try {
      await play(stage, signal);
      good += 1;
      stage.timeline.print("   ✔ ended as it should");
    } catch (error) {
      if (signal.aborted) return false;
      stage.timeline.print(`   ✖ ${messageOf(error)}`);
    }
  }
  stage.timeline.print(`\n${good} of ${acts.length} ended as they should`);
  return good === acts.length;
}
