import type { ProcessEffect, ProcessObservation } from "../../src/process/observation.ts";
import type { Pause } from "../../src/process/pauses.ts";
import type { ProcessState } from "../../src/process/state.ts";
import type { ProcessIdentity } from "../../src/system/proc-table.ts";
import { HostWithMonitor } from "./harness/host-with-monitor.ts";
import { SimulatedTable } from "./process-table.ts";

/** A host in virtual time: its processes, and what operators pause. */
export abstract class SimulatedHost extends HostWithMonitor<ProcessState, ProcessObservation, ProcessEffect> {
  /** The boot was long ago. */
  bootedAt = -1e9;
  /** All processes there are. */
  readonly table = new SimulatedTable();
  readonly #pauses = new Map<string, number>();
  readonly #running = new Map<string, ProcessIdentity[]>();
  #nextPid = 100;

  isRunning(key: string): boolean {
    return (this.#running.get(key) ?? []).length > 0;
  }

  /** Starts a process of the entry. @param livesFor ms; for ever if absent */
  spawn(key: string, livesFor?: number): ProcessIdentity {
    const process = { pid: this.#nextPid++, startTime: Math.floor(this.mono / 10) };
    this.table.add(process, key);
    this.#running.set(key, [...(this.#running.get(key) ?? []), process]);
    this.note(`${key}: pid ${process.pid} begins`);
    if (livesFor !== undefined) this.after(livesFor, () => this.end(key, process));
    return process;
  }

  /** Kills all processes of the entry, oldest first, at one instant. */
  kill(key: string): void {
    for (const process of [...(this.#running.get(key) ?? [])]) this.end(key, process);
  }

  end(key: string, process: ProcessIdentity): void {
    const running = this.#running.get(key) ?? [];
    if (!running.includes(process)) return;
    this.#running.set(
      key,
      running.filter((one) => one !== process),
    );
    this.table.remove(process.pid);
    this.note(`${key}: pid ${process.pid} ends`);
    this.onEnd(process);
  }

  reboot(): void {
    this.bootId = `${this.bootId}'`;
    for (const pid of this.table.pids()) this.table.remove(pid);
    this.bootedAt = this.mono;
    this.#running.clear();
    this.note("host reboots");
  }

  /** As by `masakari-monitors pause`; the next look finds it. */
  pause(key: string, ms: number): void {
    this.note(`${key}: paused for ${ms / 1000} s`);
    this.#pauses.set(key, this.mono + ms);
  }

  resume(key: string): void {
    this.note(`${key}: resumed`);
    this.#pauses.delete(key);
  }

  isPaused(key: string): boolean {
    return this.mono < (this.#pauses.get(key) ?? 0);
  }

  get pauses(): readonly Pause[] {
    const now = [...this.#pauses].filter(([, until]) => until > this.mono);
    return now.map(([key, until]) => ({ key, until, untilWall: until, reason: "work", by: "root" }));
  }

  /** It has ended. */
  protected abstract onEnd(process: ProcessIdentity): void;
}
