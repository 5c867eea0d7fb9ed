import { isObject, type Schema } from "../formats/json-schema.ts";
import type { Json } from "../formats/python-json.ts";
import { KeystoneFault } from "./fault.ts";
import { requireShape } from "./schema.ts";

const string: Schema = { type: "string" };
const domain: Schema = { type: "object", properties: { id: string, name: string } };
const user: Schema = { type: "object", properties: { id: string, name: string, password: string, domain } };

/** Keystone's schema of `auth`; what an application credential holds is checked only when it is used, as in Keystone. */
const login: Schema = {
  type: "object",
  properties: {
    identity: {
      type: "object",
      properties: {
        methods: { type: "array", items: string },
        password: { type: "object", properties: { user } },
        token: { type: "object", properties: { id: string }, required: ["id"] },
      },
      required: ["methods"],
    },
    scope: {
      type: ["object", "string"],
      properties: {
        project: { type: "object", properties: { name: string, id: string, domain } },
        domain,
        system: { type: "object" },
      },
    },
  },
  required: ["identity"],
};

/**
 * Checks the shape of a login's `auth` member.
 * @throws KeystoneFault 400
 */
export function checkLogin(auth: Json): void {
  requireShape(login, auth);
  for (const path of [
    "identity/password/user",
    "identity/password/user/domain",
    "scope/project",
    "scope/project/domain",
    "scope/domain",
  ]) {
    const value = at(auth, path);
    if (isObject(value) && !Object.hasOwn(value, "id") && !Object.hasOwn(value, "name")) {
      throw new KeystoneFault(400, `Invalid input for field ${path}: id or name must be present.`);
    }
  }
}

/** The member at `path` (names joined by `/`), undefined if the path ends early. */
export function at(value: Json | undefined, path: string): Json | undefined {
  return path
    .split("/")
    .reduce<Json | undefined>(
      (node, name) => (isObject(node) && Object.hasOwn(node, name) ? node[name] : undefined),
      value,
    );
}

/** The string at `path`, undefined if there is none. */
export function textAt(value: Json | undefined, path: string): string | undefined {
  const found = at(value, path);
  return typeof found === "string" ? found : undefined;
}
