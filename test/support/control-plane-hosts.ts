import type { ControlPlane } from "../../src/control-plane/control-plane.ts";
import { callMasakari } from "./control-plane.ts";

/** Registers a host in a segment of its own. */
export async function registerHost(cloud: ControlPlane, token: string, name: string) {
  const made = async (path: string, body: Record<string, unknown>): Promise<string> => {
    const answer = await callMasakari(cloud, token, "POST", path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return Object.values(JSON.parse(answer.body) as Record<string, { uuid: string }>)[0]?.uuid ?? "";
  };
  const segment = await made("/segments", {
    segment: { name: `segment-of-${name}`, recovery_method: "auto", service_type: "COMPUTE" },
  });
  const host = await made(`/segments/${segment}/hosts`, {
    host: { name, type: "COMPUTE", control_attributes: "SSH" },
  });
  return { segment, host };
}

const payloads = {
  COMPUTE_HOST: { event: "STOPPED", host_status: "NORMAL", cluster_status: "OFFLINE" },
  PROCESS: { event: "STOPPED", process_name: "libvirtd" },
} as const;

/** Sends a notification and returns it as it was stored. */
export async function sendNotification(
  cloud: ControlPlane,
  token: string,
  hostname: string,
  { type = "PROCESS" }: { readonly type?: keyof typeof payloads } = {},
): Promise<unknown> {
  const body = { type, hostname, generated_time: "2026-11-23T12:00:00", payload: payloads[type] };
  const answer = await callMasakari(cloud, token, "POST", "/notifications", { notification: body });
  if (answer.status !== 202) throw new Error(`${answer.status} ${answer.body}`);
  return (JSON.parse(answer.body) as { notification: unknown }).notification;
}
