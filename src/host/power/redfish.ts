import { array, type GenericSchema, type InferOutput, nullish, object, string } from "valibot";
import { basicAuthorization } from "../../http/authorization.ts";
import { HttpError } from "../../http/errors.ts";
import { createTransport, type HttpResponse, type Transport } from "../../http/transport.ts";
import { messageOf } from "../../system/message-of.ts";
import { checkJson } from "../../system/parse-json.ts";
import { printable } from "../../system/printable.ts";
import type { PowerResult, RedfishDevice } from "../fencing-device.ts";
import { PasswordError, readPassword } from "./password.ts";
import type { PowerCheckParts } from "./power-check.ts";

/** A ComputerSystem is some 10 kB, a collection of one or a few members less. */
const RESPONSE_BYTES = 1024 * 1024;

/** ComputerSystemCollection and ComputerSystem of DMTF's DSP8010, as far as they are read. */
const systemCollection = object({ Members: array(object({ "@odata.id": string() })) });
const computerSystem = object({ PowerState: nullish(string()) });

/** Why the power state is not known, as one phrase. */
class PowerUnknown extends Error {}

/**
 * Reads `PowerState` of the host's ComputerSystem (DMTF DSP0266, ComputerSystem schema). Only `Off` is proof: a system that is
 * `PoweringOff` still runs. Never rejects: what prevents a result is "unknown" with a reason.
 */
export async function checkRedfishPower(
  device: RedfishDevice,
  parts: PowerCheckParts,
  signal: AbortSignal,
): Promise<PowerResult> {
  const bmc = printable(`BMC ${device.address} (${device.id})`).slice(0, 200);
  const transport = createTransport({
    userAgent: "masakari-hostmonitor",
    clock: parts.clock,
    timeoutMs: parts.timeoutMs,
    // A BMC is beside the hosts, never behind the proxy of the environment.
    environment: {},
    insecure: device.insecure || undefined,
    maxResponseBytes: RESPONSE_BYTES,
  });
  try {
    const password = await readPassword(device.password, parts, signal);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(parts.timeoutMs)]);
    return resultOf(await powerState(device, password.reveal(), { transport, bmc }, deadline), bmc);
  } catch (error) {
    if (error instanceof PasswordError) return { power: "unknown", reason: `${bmc}: ${error.message}` };
    if (error instanceof HttpError || error instanceof PowerUnknown) return { power: "unknown", reason: error.message };
    if (signal.aborted) return { power: "unknown", reason: "the check was cancelled" };
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    const why = isLate ? `did not answer within ${parts.timeoutMs / 1000} s` : `cannot be asked: ${messageOf(error)}`;
    return { power: "unknown", reason: `${bmc} ${why}` };
  } finally {
    transport.close();
  }
}

interface Asking {
  readonly transport: Transport;
  readonly bmc: string;
}

async function powerState(
  device: RedfishDevice,
  password: string,
  { transport, bmc }: Asking,
  signal: AbortSignal,
): Promise<string | undefined | null> {
  const { ssl, address, port, uri, systemsUri, user = "" } = device;
  const host = address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
  const origin = `${ssl ? "https" : "http"}://${host}${port === undefined ? "" : `:${port}`}`;
  const { headers } = basicAuthorization(user, password);
  const get = async <Schema extends GenericSchema>(path: string, schema: Schema): Promise<InferOutput<Schema>> => {
    const url = new URL(path, origin);
    if (url.origin !== new URL(origin).origin) throw new PowerUnknown(`${bmc} refers to another server`);
    const response = await transport.send(
      { method: "GET", url: url.href, peer: bmc, headers: { ...headers, Accept: "application/json" } },
      signal,
    );
    return bodyOf(response, schema, bmc);
  };
  const system = systemsUri ?? onlyMember(await get(`${uri.replace(/\/+$/, "")}/Systems`, systemCollection), bmc);
  return (await get(system, computerSystem)).PowerState;
}

function bodyOf<Schema extends GenericSchema>(
  { status, body }: HttpResponse,
  schema: Schema,
  bmc: string,
): InferOutput<Schema> {
  if (status === 401 || status === 403)
    throw new PowerUnknown(`${bmc} refuses the user or the password (HTTP ${status})`);
  if (status !== 200) throw new PowerUnknown(`${bmc} returned HTTP ${status}`);
  const checked = checkJson(schema, body.toString("utf8"));
  if ("problem" in checked)
    throw new PowerUnknown(`${bmc} returned something that is not Redfish's: ${checked.problem}`);
  return checked.value;
}

/** It is not known which of several systems is the host: that needs `systems_uri`. */
function onlyMember({ Members }: InferOutput<typeof systemCollection>, bmc: string): string {
  const [first, second] = Members;
  if (second !== undefined) throw new PowerUnknown(`${bmc} has several systems; set systems_uri of the fencing device`);
  if (first === undefined) throw new PowerUnknown(`${bmc} lists no system`);
  return first["@odata.id"];
}

function resultOf(state: string | undefined | null, bmc: string): PowerResult {
  if (state === "Off") return { power: "off", reason: `${bmc} reports that the power is off` };
  if (state === "On" || state === "PoweringOn" || state === "PoweringOff" || state === "Paused") {
    return { power: "on", reason: `${bmc} reports power ${state}` };
  }
  return { power: "unknown", reason: `${bmc} reports no known power state` };
}
