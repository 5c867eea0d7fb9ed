import { hostname } from "node:os";
import { isRunning, pidOf, type SandboxService } from "./services.ts";
import type { Stage } from "./stage.ts";
import type { Moment } from "./timeline.ts";

const WITHIN_MS = 30_000;

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
  const told = stage.timeline.next(`Masakari is notified of ${service.name}`, stored(service), WITHIN_MS, signal);
  stage.kill(service);
  await told;
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
  const told = stage.timeline.next(`Masakari is notified of ${service.name}`, stored(service), WITHIN_MS, signal);
  await stage.startApi();
  await told;
  await expectNotifications(stage, service, 1, signal);
  stage.mendRestart(service);
}

const acts = [
  { title: "A process dies and is restarted; Masakari need not know", service: "sandbox-web", play: restarted },
  {
    title: "A process dies and cannot be restarted; Masakari is notified, once",
    service: "sandbox-worker",
    play: masakariTold,
  },
  { title: "The same while the API is down; nothing is lost", service: "sandbox-web", play: outlivesOutage },
];

/** Plays the three things to try. @returns whether each of them ended as it should */
export async function playScript(stage: Stage, signal: AbortSignal): Promise<boolean> {
  let good = 0;
  for (const [number, { title, service: name, play }] of acts.entries()) {
    const service = stage.service(name);
    stage.timeline.print(`\n── ${number + 1}. ${title}`);
    try {
      if (service) await play(stage, service, signal);
      good += 1;
      stage.timeline.print("   ✔ ended as it should");
    } catch (error) {
      if (signal.aborted) return false;
      stage.timeline.print(`   ✖ ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  stage.timeline.print(`\n${good} of ${acts.length} ended as they should`);
  return good === acts.length;
}
