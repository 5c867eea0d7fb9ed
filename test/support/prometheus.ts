import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./ports.ts";

/** Of `GET /api/v1/query`, as far as it is read. */
interface QueryResult {
  readonly status: string;
  readonly data?: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: string;
}

/** Debian's Prometheus, which scrapes and evaluates its rules each second. It ends with the test. */
export class Prometheus {
  readonly #directory: string;
  readonly #port: number;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.#port = port;
  }

  /** @param rules a file with alert rules */
  static async start(context: TestContext, rules: string): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), "prometheus-"));
    const prometheus = new Prometheus(directory, await freePort());
    prometheus.scrape([]);
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [rules],
      scrape_configs: [
        {
          job_name: "masakari-monitors",
          file_sd_configs: [{ files: [join(directory, "targets.json")], refresh_interval: "1s" }],
        },
      ],
    };
    writeFileSync(join(directory, "prometheus.yml"), JSON.stringify(config));
    const child = new Child("prometheus", [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${prometheus.#port}`,
    ]);
    context.after(async () => {
      await child.stop("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    });
    return prometheus;
  }

  /** From now on these ports of this machine are its targets. */
  scrape(ports: Iterable<number>): void {
    const file = join(this.#directory, "targets.json");
    writeFileSync(`${file}.new`, JSON.stringify([{ targets: Array.from(ports, (port) => `127.0.0.1:${port}`) }]));
    renameSync(`${file}.new`, file);
  }

  async query(expression: string): Promise<readonly Sample[]> {
    const { data } = await this.#ask(expression);
    return (data?.result ?? []).map(({ metric, value }) => ({ metric, value: value[1] }));
  }

  /** Whether it can evaluate it: it parses more. */
  async statusOf(expression: string): Promise<string> {
    return (await this.#ask(expression)).status;
  }

  /** Resolves when the first result has this value. */
  async becomes(expression: string, value: string): Promise<void> {
    await eventually(`${expression} is ${value}`, 180_000, async () => {
      const found = await this.query(expression);
      return found[0]?.value === value || undefined;
    });
  }

  async #ask(expression: string): Promise<QueryResult> {
    const url = `http://127.0.0.1:${this.#port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    return (await (await fetch(url)).json()) as QueryResult;
  }
}
