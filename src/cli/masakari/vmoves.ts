import type { CallOptions, MasakariClient } from "../../openstack/masakari.ts";
import type { Vmove } from "../../openstack/masakari-objects.ts";
import { table } from "../table.ts";
import { integerMarker, type ListOptions, listQuery } from "./list-query.ts";
import { type Column, listView, objectView } from "./output/view.ts";
import { one, type Result } from "./result.ts";

const FILTERS = { type: "type", status: "status" };
const MOVE: readonly Column[] = [
  ...(["uuid", ["server_id", "instance_uuid"], ["server_name", "instance_name"], "source_host", "dest_host"] as const),
  ...["start_time", "end_time", "type", "status"],
];

/** What became of the guests of a host that failed. */
export async function listVmoves(
  client: MasakariClient,
  notification: string,
  options: ListOptions,
  call: CallOptions,
): Promise<Result> {
  const marker = await integerMarker(options, async (uuid) => (await client.getVmove(notification, uuid, call)).id);
  const vmoves = await client.listVmoves(notification, { ...listQuery(options, FILTERS), marker }, call);
  const text = table<Vmove>(vmoves, [
    ["UUID", ({ uuid }) => uuid],
    ["SERVER", ({ instance_name, instance_uuid }) => instance_name ?? instance_uuid],
    ["FROM", ({ source_host }) => source_host],
    ["TO", ({ dest_host }) => dest_host],
    ["TYPE", (vmove) => vmove.type],
    ["STATUS", ({ status }) => status],
  ]);
  return { json: vmoves, text, view: listView(vmoves, MOVE) };
}

export async function showVmove(
  client: MasakariClient,
  notification: string,
  uuid: string,
  call: CallOptions,
): Promise<Result> {
  const vmove = await client.getVmove(notification, uuid, call);
  return one(vmove, objectView(vmove, ["created_at", "updated_at", ...MOVE, "message"]));
}
