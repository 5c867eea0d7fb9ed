import type { Logger } from "../../src/system/log.ts";

/** A log that keeps its lines, `level message`, for a test to look at. */
export class KeptLog implements Logger {
  readonly lines: string[] = [];

  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  warning(message: string): void {
    this.lines.push(`warning ${message}`);
  }
  error(message: string): void {
    this.lines.push(`error ${message}`);
  }
  critical(message: string): void {
    this.lines.push(`critical ${message}`);
  }
  named(): Logger {
    return this;
  }
}
