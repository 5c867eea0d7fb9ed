import { after, before, describe, type TestContext } from "node:test";
import { type Connection, type ConnectOptions, connect } from "../../../src/libvirt/mod.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { Libvirtd, type LibvirtdOptions } from "./libvirtd.ts";
import { missingForLibvirt } from "./packages.ts";

/** What a test has of the suite's libvirtd. */
export interface Host {
  readonly libvirtd: Libvirtd;
  /** Connects, to the QEMU driver unless a URI is given; closed after the test. */
  connect(context: TestContext, options?: Partial<ConnectOptions> & { readonly uri?: string }): Promise<Connection>;
}

interface SuiteOptions extends LibvirtdOptions {
  /** Whether the tests need guests with `system: "linux"`. */
  readonly linuxGuest?: boolean;
}

/** A `describe` whose tests have one real libvirtd; skipped, with the reason, where it cannot run. */
export async function describeWithLibvirtd(
  name: string,
  { linuxGuest = false, ...options }: SuiteOptions,
  define: (host: () => Host) => void,
): Promise<void> {
  const skip = await missingForLibvirt({ linuxGuest });
  describe(name, { skip }, () => {
    let libvirtd: Libvirtd | undefined;
    before(async () => {
      libvirtd = await Libvirtd.start(options);
    });
    after(async () => {
      await libvirtd?.stop();
    });
    define(() => {
      if (libvirtd === undefined) throw new Error("libvirtd is not up");
      return hostOf(libvirtd);
    });
  });
}

function hostOf(libvirtd: Libvirtd): Host {
  return {
    libvirtd,
    connect: async (context, { uri = libvirtd.uri, ...options } = {}) => {
      const connection = await connect(uri, { clock: systemClock, log: new KeptLog(), ...options });
      context.after(() => connection.close());
      return connection;
    },
  };
}

/** Keeps what is pushed, and lets a test wait for the first that fits. */
export class Seen<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  readonly push = (item: T): void => {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  };

  /** Resolves with the first, seen already or yet to come, that fits. The test's own time limit ends the wait. */
  async first(fits: (item: T) => boolean): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const look = (): void => {
      const found = this.all.find(fits);
      if (found !== undefined) resolve(found);
    };
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      this.#waiting.delete(look);
    }
  }
}
