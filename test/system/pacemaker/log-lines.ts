import { closeSync, existsSync, openSync, readSync } from "node:fs";

/** How exactly the time of a line is known, in ms. */
const EVERY_MS = 5;

/** The lines that are added to a log file from now on, each with the time when it was seen. */
export class LogLines {
  readonly lines: { readonly at: number; readonly text: string }[] = [];
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #offset = 0;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
    if (existsSync(path)) this.#read();
    this.lines.length = 0;
    this.#timer = setInterval(() => this.#read(), EVERY_MS);
  }

  /** `performance.now()` of the first line that matches. */
  at(pattern: RegExp): number | undefined {
    return this.lines.find(({ text }) => pattern.test(text))?.at;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #read(): void {
    const file = openSync(this.#path, "r");
    try {
      const buffer = Buffer.alloc(65_536);
      for (;;) {
        const length = readSync(file, buffer, 0, buffer.length, this.#offset);
        if (length === 0) return;
        this.#offset += length;
        const parts = (this.#rest + buffer.toString("utf8", 0, length)).split("\n");
        this.#rest = parts.pop() ?? "";
        const at = performance.now();
        this.lines.push(...parts.map((text) => ({ at, text })));
      }
    } finally {
      closeSync(file);
    }
  }
}
