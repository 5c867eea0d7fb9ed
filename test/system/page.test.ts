import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startBrowser, type Watched } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { json } from "../support/http-server.ts";
import { freePort } from "../support/ports.ts";
import { Rig } from "../support/process-monitor.ts";
import { notInstalled } from "./installed.ts";

const missing = await notInstalled(["chromium"]);
const skip = missing.length > 0 && `not installed: ${missing.join(", ")}; see test/system/install-packages.sh`;
const WITHIN_MS = 120_000;
/** A name that would be markup if a page let it. */
const HOSTILE = "web<img src=x onerror=alert(1)>";

/** compute1 is well; compute2, a peer of it, is in no segment; compute3, another peer, does not run. */
async function scene(t: TestContext) {
  const cloud = await FakeCloud.start();
  t.after(async () => await cloud[Symbol.asyncDispose]());
  cloud.segmentHosts = ["compute1"];
  const notification_uuid = "9f6a6a2e-0000-4000-8000-000000000001";
  cloud.api = ({ method }, response) =>
    method === "POST"
      ? json(response, 202, { notification: { notification_uuid } })
      : json(response, 200, {
          notification: {
            notification_uuid,
            generated_time: "2026-11-28T00:00:00.000000",
            source_host_uuid: "compute1",
            type: "PROCESS",
            payload: {},
            status: "running",
            id: 1,
            updated_at: "2026-11-28T00:00:01.000000",
          },
        });
  // The process monitor takes the third port.
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const page = (port: number): string => `[metrics]\nport = ${port - 2}\n[page]\nenabled = true\n`;
  const peers = `peers = http://127.0.0.1:${ports[1]},http://127.0.0.1:${ports[2]}\n`;
  const start = async (hostname: string, sections: string, name: string) => {
    const rig = await Rig.create({ hostname, api: `${cloud.section()}\n${sections}` });
    t.after(async () => await rig.close());
    await rig.listed(name);
    const watched = rig.startProcess(name);
    return { rig, watched, monitor: await rig.start() };
  };
  const second = await start("compute2", page(ports[1]), "web");
  const first = await start("compute1", page(ports[0]) + peers, HOSTILE);
  return { first, second, url: `http://127.0.0.1:${ports[0]}/` };
}

const state = async ({ page }: Watched): Promise<string> =>
  (await page.getByRole("heading", { level: 1 }).textContent())?.trim() ?? "";
const row = ({ page }: Watched, host: string) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: host, exact: true }) });

/** Whatever happened before, the browser has nothing to complain about and has asked nobody else. */
function assertQuiet({ complaints, requested }: Watched, url: string, allowed = /^$/): void {
  assert.deepEqual(
    complaints.filter((text) => !allowed.test(text)),
    [],
  );
  assert.deepEqual(
    requested.filter((one) => !one.startsWith(url)),
    [],
  );
}

test("the page, in Debian's Chromium", { skip }, async (t) => {
  const { first, second, url } = await scene(t);
  const browser = await startBrowser(t);

  await t.test("its policy, its keyboard, a narrow screen, dark and light, and no script at all", async () => {
    const dark = await browser.open(url, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
    await row(dark, "compute2").getByText("Disarmed").waitFor({ timeout: WITHIN_MS });
    const { page } = dark;
    const ground = ({ page: shown }: Watched) =>
      shown.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no horizontal scrolling");
    assert.equal(await page.getByRole("columnheader").count(), 9);

    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the state");
    assert.notEqual(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "none");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.localName"), "pre");
    await page.getByRole("group", { name: "What to do next" }).getByText("masakari host-create compute2").waitFor();
    await page.getByRole("button", { name: "Copy" }).first().waitFor();
    assertQuiet(dark, url);

    const isRun = await page.evaluate(`
      const script = document.createElement("script");
      script.textContent = "globalThis.inlineRan = true";
      document.body.append(script);
      "inlineRan" in globalThis`);
    assert.equal(isRun, false);
    await eventually(
      "the policy refuses it",
      WITHIN_MS,
      () => dark.complaints.some((text) => /Content Security Policy/.test(text)) || undefined,
    );

    const light = await browser.open(url, { javaScriptEnabled: false, colorScheme: "light" });
    assert.match((await light.page.content()) ?? "", /<noscript><meta http-equiv="refresh" content="10">/);
    await row(light, "compute2").getByText("Disarmed").waitFor();
    assert.notEqual(await ground(light), await ground(dark));
    assertQuiet(light, url);
  });

  await t.test("a cluster side by side, kept up to date, and what it shows when contact is lost", async () => {
    const seen = await browser.open(url);
    const { page } = seen;
    await page.getByRole("status").waitFor({ state: "attached" });

    await row(seen, "compute1").getByText("Armed").waitFor({ timeout: WITHIN_MS });
    await row(seen, "compute2").getByText("Disarmed").waitFor({ timeout: WITHIN_MS });
    await row(seen, "compute2").getByText("compute2 is in no segment").waitFor();
    const silent = page.getByRole("row").filter({ hasText: "No contact" });
    await silent.getByText("connection refused").waitFor();
    assert.equal(await state(seen), "No contact");

    // A process dies: the page shows it, and the notification's way, without being loaded again.
    await page.evaluate("globalThis.loadedOnce = true");
    await first.watched.stop("SIGKILL");
    await page.getByRole("heading", { name: "Processes down" }).waitFor({ timeout: WITHIN_MS });
    const timeline = page.getByRole("region", { name: "Last incident" });
    await timeline.getByText("accepted").waitFor({ timeout: WITHIN_MS });
    await timeline.getByText("Masakari: running").waitFor({ timeout: WITHIN_MS });
    assert.match((await timeline.textContent()) ?? "", /seen.*decided.*\+\d+ ms.*sent.*\+\d+ ms.*accepted.*\+\d+ ms/s);
    assert.equal(await page.locator("img").count(), 0);
    assert.ok((await page.getByText("web<img src=x onerror=alert(1)>").count()) > 0);

    // A host that is no longer there: its row changes, and a screen reader is given the change.
    await second.monitor.stop("SIGKILL");
    await page.getByRole("status").getByText("compute2: No contact").waitFor({ timeout: WITHIN_MS });
    assert.equal(await page.evaluate("globalThis.loadedOnce"), true);
    assertQuiet(seen, url);

    await first.monitor.stop("SIGKILL");
    await page
      .getByRole("alert")
      .getByText(/No contact with 127\.0\.0\.1/)
      .waitFor({ timeout: WITHIN_MS });
    assert.match((await page.getByRole("banner").textContent()) ?? "", /Out of date/);
    assertQuiet(seen, url, /Failed to load resource: net::ERR_CONNECTION_REFUSED/);
  });
});
