import { mkdir } from "node:fs/promises";
import { Child, runToEnd } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";

const readyMs = 60_000;

/** A MariaDB of this test alone, on loopback; everybody may do everything. */
export class Database {
  readonly server: Child;
  readonly #port: number;
  readonly #socket: string;

  private constructor(server: Child, port: number, socket: string) {
    this.server = server;
    this.#port = port;
    this.#socket = socket;
  }

  static async start(folder: string): Promise<Database> {
    await mkdir(folder);
    const [port, socket] = [await freePort(), `${folder}/socket`];
    const common = ["--no-defaults", "--user=root", `--datadir=${folder}/data`];
    await runToEnd("mariadb-install-db", [...common, "--skip-test-db", "--auth-root-authentication-method=normal"]);
    const server = new Child(
      "mariadbd",
      [
        ...common,
        ...[`--socket=${socket}`, `--pid-file=${folder}/pid`, "--bind-address=127.0.0.1", `--port=${port}`],
        ...["--skip-grant-tables", "--skip-log-bin", "--max-connections=500", "--character-set-server=utf8"],
        // Nothing has to outlive the test.
        ...["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-flush-method=nosync"],
        "--innodb-buffer-pool-size=64M",
      ],
      { deathSignal: "KILL", log: `${folder}/log` },
    );
    const database = new Database(server, port, socket);
    await eventually("MariaDB to answer", readyMs, () => database.run("select 1"), 100);
    return database;
  }

  /** oslo.db's `connection`. */
  url(name: string): string {
    return `mysql+pymysql://root@127.0.0.1:${this.#port}/${name}?charset=utf8`;
  }

  /** Runs SQL. @returns the rows, without their heads */
  async run(sql: string): Promise<string> {
    return await runToEnd("mariadb", ["--no-defaults", `--socket=${this.#socket}`, "-u", "root", "-N", "-e", sql]);
  }
}
