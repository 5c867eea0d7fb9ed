import { randomUUID } from "node:crypto";

/** Keystone's ids are uuids without dashes. */
export function newId(): string {
  return randomUUID().replaceAll("-", "");
}
