import { inTransaction } from "../../store/database.ts";
import type { Project } from "../identity-store.ts";
import { newId } from "../new-id.ts";
import { conflict, filtered, found, type IdentityRoute, listOf, oneOf } from "../routes.ts";
import { flag, forUpdate, idOrNull, nameSchema, requireShape, textOrNull } from "../schema.ts";
import { requireDomain } from "./domains.ts";
import type { IdentityStores } from "./stores.ts";

const schema = {
  type: "object",
  properties: { name: { ...nameSchema, maxLength: 64 }, domain_id: idOrNull, description: textOrNull, enabled: flag },
  required: ["name"],
} as const;

interface ProjectFields {
  readonly name: string;
  readonly domain_id?: string | null;
  readonly description?: string | null;
  readonly enabled?: boolean;
}

/** @param changed as in the response to a change, which has one member more */
export function showProject({ id, name, domain, description, enabled }: Project, { changed = false } = {}) {
  const root = { parent_id: domain.id, is_domain: false, tags: [], ...(changed && { extra: {} }), options: {} };
  return { id, name, domain_id: domain.id, description, enabled, ...root };
}

/** Those in which a user has a role. */
export function projectsOf({ database, identities }: IdentityStores, userId: string): Project[] {
  const ids = database
    .prepare("SELECT DISTINCT target_id AS id FROM assignment WHERE user_id = ? AND target_type = 'project'")
    .all(userId) as { id: string }[];
  return ids.flatMap(({ id }) => identities.project({ id }) ?? []);
}

function revokeOfMembers({ database, tokens }: IdentityStores, projectId: string): void {
  const members = database
    .prepare("SELECT DISTINCT user_id FROM assignment WHERE target_type = 'project' AND target_id = ?")
    .all(projectId);
  for (const { user_id } of members) tokens.revokeOfUser(String(user_id));
}

/** `/v3/projects` */
export function projectRoutes(stores: IdentityStores): IdentityRoute[] {
  const { database, identities } = stores;
  const one = (id = "") => found(identities.project({ id }), "project", id);
  const all = () =>
    (database.prepare("SELECT id FROM project ORDER BY rowid").all() as { id: string }[]).map(({ id }) =>
      showProject(one(id)),
    );
  const requireFree = (name: string, domainId: string, id: string) => {
    if (!identities.project({ name, domainId })) return;
    throw conflict(
      "project",
      `it is not permitted to have two projects with either the same name or same id in the same domain: name is ${name}, project id ${id}`,
    );
  };
  return [
    {
      ...{ method: "GET", path: "/projects", rule: "list_projects", status: 200 },
      handle: (call) => listOf(call, "projects", filtered(all(), call.query, ["name", "domain_id", "enabled"])),
    },
    {
      ...{ method: "POST", path: "/projects", rule: "create_project", status: 201, member: "project" },
      handle: (call) => {
        requireShape(schema, call.body);
        const { name, domain_id, description, enabled = true } = call.body as unknown as ProjectFields;
        const domain = requireDomain(stores, domain_id ?? "default");
        const id = newId();
        requireFree(name, domain.id, id);
        database
          .prepare("INSERT INTO project (id, name, domain_id, description, enabled) VALUES (?, ?, ?, ?, ?)")
          .run(id, name, domain.id, description ?? "", Number(enabled));
        return oneOf(call, "projects", "project", showProject(one(id)));
      },
    },
    {
      ...{ method: "GET", path: "/projects/:project_id", rule: "get_project", status: 200 },
      allows: ({ caller, params }) => caller.project?.id === params.project_id,
      handle: (call) => oneOf(call, "projects", "project", showProject(one(call.params.project_id))),
    },
    {
      ...{ method: "PATCH", path: "/projects/:project_id", rule: "update_project", status: 200, member: "project" },
      handle: (call) => {
        requireShape(forUpdate(schema), call.body);
        const project = one(call.params.project_id);
        const { name, description, enabled } = { ...project, ...call.body } as Project;
        if (name !== project.name) requireFree(name, project.domain.id, project.id);
        inTransaction(database, () => {
          database
            .prepare("UPDATE project SET name = ?, description = ?, enabled = ? WHERE id = ?")
            .run(name, description ?? "", Number(enabled), project.id);
          if (!enabled) revokeOfMembers(stores, project.id);
        });
        return oneOf(call, "projects", "project", showProject(one(project.id), { changed: true }));
      },
    },
    {
      ...{ method: "DELETE", path: "/projects/:project_id", rule: "delete_project", status: 204 },
      handle: ({ params }) => {
        const { id } = one(params.project_id);
        inTransaction(database, () => {
          revokeOfMembers(stores, id);
          database.prepare("DELETE FROM assignment WHERE target_type = 'project' AND target_id = ?").run(id);
          database.prepare("DELETE FROM application_credential WHERE project_id = ?").run(id);
          database.prepare("DELETE FROM trust WHERE project_id = ?").run(id);
          database.prepare("UPDATE user SET default_project_id = NULL WHERE default_project_id = ?").run(id);
          database.prepare("DELETE FROM project WHERE id = ?").run(id);
        });
        return undefined;
      },
    },
  ];
}
