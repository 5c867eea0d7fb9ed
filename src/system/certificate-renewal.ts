import { type Certificate, type CertificateFiles, fingerprintOf, readCertificate } from "./certificate-files.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";
import { messageOf } from "./message-of.ts";

export interface RenewalParts {
  readonly files: CertificateFiles;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "error">;
  /** Called with what is wrong with the files as they are now, the certificate before being in use still; undefined: nothing. */
  readonly onProblem: (problem: string | undefined) => void;
}

const LOOK_EVERY_MS = 10_000;
/** Who renews a certificate writes it and its key one after the other: they may not fit at one look. */
const FAILED_LOOKS = 2;

/** The certificate of a listener as its files have it, also after they were renewed. */
export class CertificateRenewal {
  readonly #parts: RenewalParts;
  #used: Certificate | undefined;
  #use: (certificate: Certificate) => void = () => undefined;
  #seen = "";
  #failed = 0;
  #problem: string | undefined;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /** The certificate to begin with. @throws as `readCertificate` */
  async read(): Promise<Certificate> {
    const { files, onProblem } = this.#parts;
    this.#seen = await fingerprintOf(files);
    this.#used = await readCertificate(files);
    onProblem(undefined);
    return this.#used;
  }

  /** Looks every 10 s whether the files have changed, until the signal aborts. @param use takes the new certificate; may throw */
  async watch(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void> {
    const { files, clock } = this.#parts;
    this.#use = use;
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      const now = await fingerprintOf(files);
      if (now !== this.#seen || this.#failed > 0) await this.#reread(now, FAILED_LOOKS);
    }
  }

  /** Reads the files now: SIGHUP. Never throws. */
  async reread(): Promise<void> {
    await this.#reread(await fingerprintOf(this.#parts.files), 1);
  }

  /** @param tolerated so many failures in a row make a problem */
  async #reread(fingerprint: string, tolerated: number): Promise<void> {
    const { files, log } = this.#parts;
    try {
      const { cert, key } = await readCertificate(files);
      if (cert !== this.#used?.cert || key !== this.#used.key) {
        this.#use({ cert, key });
        log.info(`${files.names.cert}: the renewed certificate is used from the next connection on`);
      }
      this.#used = { cert, key };
      this.#seen = fingerprint;
      this.#failed = 0;
      this.#setProblem(undefined);
    } catch (error) {
      this.#failed += 1;
      if (this.#failed >= tolerated) this.#setProblem(messageOf(error));
    }
  }

  #setProblem(problem: string | undefined): void {
    const { log, onProblem } = this.#parts;
    if (problem !== undefined && problem !== this.#problem) {
      log.error(`${problem}; keeping the previous certificate, checking again every ${LOOK_EVERY_MS / 1000} s`);
    }
    this.#problem = problem;
    onProblem(problem);
  }
}
