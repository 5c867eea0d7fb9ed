import { createTransport, type Transport } from "../../http/transport.ts";
import type { Clock } from "../../system/clock.ts";
import type { ConsulConfig } from "./networks.ts";

/** How agents are asked, by `[consul]`. */
export function consulTransport(config: ConsulConfig, userAgent: string, clock: Clock): Transport {
  return createTransport({
    userAgent,
    clock,
    timeoutMs: config.request_timeout * 1000,
    cafile: config.ca_file,
    certfile: config.cert_file,
    keyfile: config.key_file,
    optionNames: {
      timeout: "[consul] request_timeout",
      cafile: "[consul] ca_file",
      certfile: "[consul] cert_file",
      keyfile: "[consul] key_file",
    },
  });
}
