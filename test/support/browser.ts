import type { TestContext } from "node:test";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PATH = "/usr/bin/chromium";
/** It asks for nothing by itself, and needs neither a sandbox nor a graphics card. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What a page has done that it must not. */
export interface Watched {
  readonly page: Page;
  /** Errors and warnings of the console, errors that nobody has caught. */
  readonly complaints: string[];
  /** Every URL that was requested. */
  readonly requested: string[];
}

/** Debian's Chromium, ended with the test. */
export async function startBrowser(context: TestContext) {
  const browser = await chromium.launch({ executablePath: PATH, args: FLAGS });
  context.after(async () => await browser.close());
  return {
    async open(url: string, options: BrowserContextOptions = {}): Promise<Watched> {
      const page = await (await browser.newContext(options)).newPage();
      const complaints: string[] = [];
      const requested: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => requested.push(request.url()));
      await page.goto(url);
      return { page, complaints, requested };
    },
  };
}
