import { array, type Codec, i32, i64, nothing, nullable, string, struct, u32, u64 } from "../codec/codec.ts";
import { program } from "./programs.ts";
import { DOMAIN_LIST_MAX, domain, domainStats, saslData, uuid } from "./shapes.ts";

/** One remote procedure: its number, its arguments and its result. */
export interface Procedure<Args, Result> {
  readonly name: string;
  readonly program: number;
  readonly number: number;
  readonly args: Codec<Args>;
  readonly result: Codec<Result>;
  /** Its reply comes from inside a guest, which may take seconds: other calls are not kept waiting behind it. */
  readonly waitsForGuest?: true;
}

function remote<A, R>(name: string, number: number, args: Codec<A>, result: Codec<R>): Procedure<A, R> {
  return { name, program: program.remote, number, args, result };
}

const oneDomain = struct({ domain });
const domainAndFlags = struct({ domain, flags: u32 });
const saslReply = struct({ complete: i32, data: saslData });
const AUTH_TYPES_MAX = 20;
/** remote_domain_get_job_info_ret; times in ms, the others in bytes. */
const jobInfo = struct({
  type: i32,
  timeElapsed: u64,
  timeRemaining: u64,
  dataTotal: u64,
  dataProcessed: u64,
  dataRemaining: u64,
  memTotal: u64,
  memProcessed: u64,
  memRemaining: u64,
  fileTotal: u64,
  fileProcessed: u64,
  fileRemaining: u64,
});

/** remote_protocol.x and qemu_protocol.x. The protocol only ever grows, so the numbers are for good. */
export const procedures = {
  connectOpen: remote("CONNECT_OPEN", 1, struct({ uri: nullable(string), flags: u32 }), nothing),
  connectClose: remote("CONNECT_CLOSE", 2, nothing, nothing),
  connectSupportsFeature: remote("CONNECT_SUPPORTS_FEATURE", 60, struct({ feature: i32 }), struct({ supported: i32 })),
  connectGetHostname: remote("CONNECT_GET_HOSTNAME", 59, nothing, struct({ hostname: string })),
  connectGetUri: remote("CONNECT_GET_URI", 110, nothing, struct({ uri: string })),
  connectGetLibVersion: remote("CONNECT_GET_LIB_VERSION", 157, nothing, struct({ version: i64 })),

  authList: remote("AUTH_LIST", 66, nothing, struct({ types: array(i32, AUTH_TYPES_MAX) })),
  authSaslInit: remote("AUTH_SASL_INIT", 67, nothing, struct({ mechanisms: string })),
  authSaslStart: remote("AUTH_SASL_START", 68, struct({ mechanism: string, data: saslData }), saslReply),
  authSaslStep: remote("AUTH_SASL_STEP", 69, struct({ data: saslData }), saslReply),
  authPolkit: remote("AUTH_POLKIT", 70, nothing, struct({ complete: i32 })),

  connectListAllDomains: remote(
    "CONNECT_LIST_ALL_DOMAINS",
    273,
    struct({ needResults: i32, flags: u32 }),
    struct({ domains: array(domain, DOMAIN_LIST_MAX), count: u32 }),
  ),
  connectGetAllDomainStats: remote(
    "CONNECT_GET_ALL_DOMAIN_STATS",
    344,
    struct({ domains: array(domain, DOMAIN_LIST_MAX), stats: u32, flags: u32 }),
    struct({ records: array(domainStats, DOMAIN_LIST_MAX) }),
  ),
  domainLookupByUuid: remote("DOMAIN_LOOKUP_BY_UUID", 24, struct({ uuid }), oneDomain),
  domainGetState: remote("DOMAIN_GET_STATE", 212, domainAndFlags, struct({ state: i32, reason: i32 })),
  domainGetXmlDesc: remote("DOMAIN_GET_XML_DESC", 14, domainAndFlags, struct({ xml: string })),
  domainGetJobInfo: remote("DOMAIN_GET_JOB_INFO", 163, oneDomain, jobInfo),
  domainCreateXml: remote("DOMAIN_CREATE_XML", 10, struct({ xml: string, flags: u32 }), oneDomain),
  domainDestroy: remote("DOMAIN_DESTROY", 12, oneDomain, nothing),
  domainAgentSetResponseTimeout: remote(
    "DOMAIN_AGENT_SET_RESPONSE_TIMEOUT",
    420,
    struct({ domain, timeout: i32, flags: u32 }),
    struct({ result: i32 }),
  ),

  eventRegister: remote(
    "CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY",
    316,
    struct({ eventId: i32, domain: nullable(domain) }),
    struct({ callbackId: i32 }),
  ),
  eventDeregister: remote("CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY", 317, struct({ callbackId: i32 }), nothing),

  agentCommand: {
    name: "QEMU_DOMAIN_AGENT_COMMAND",
    program: program.qemu,
    number: 3,
    args: struct({ domain, command: string, timeout: i32, flags: u32 }),
    result: struct({ result: nullable(string) }),
    waitsForGuest: true,
  } satisfies Procedure<unknown, unknown>,
} as const;
