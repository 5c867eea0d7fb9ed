/**
 * What the sender's configuration calls the options of the transport, for the advice in messages:
 * `[api] cafile`, `[consul] ca_file`, `--os-cacert`. Undefined: the name in `TransportOptions`.
 */
export interface OptionNames {
  readonly timeout?: string | undefined;
  readonly cafile?: string | undefined;
  readonly certfile?: string | undefined;
  readonly keyfile?: string | undefined;
}
