/**
 * What the configuration of whoever sends the requests calls the options of its transport, for the advice in messages:
 * `[api] cafile`, `[consul] ca_file`, `--os-cacert`. Undefined: the name in `TransportOptions`.
 */
export interface OptionNames {
  readonly timeout?: string | undefined;
  readonly cafile?: string | undefined;
  readonly certfile?: string | undefined;
  readonly keyfile?: string | undefined;
}
