/** The tables, one step per released schema; a step, once released, is never edited. Times are the API's own text. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE domain (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE project (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, domain_id TEXT NOT NULL REFERENCES domain(id), UNIQUE (domain_id, name)
  ) STRICT;
  CREATE TABLE user (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, domain_id TEXT NOT NULL REFERENCES domain(id),
    password_hash TEXT NOT NULL, default_project_id TEXT REFERENCES project(id), UNIQUE (domain_id, name)
  ) STRICT;
  CREATE TABLE role (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE assignment (
    user_id TEXT NOT NULL REFERENCES user(id), role_id TEXT NOT NULL REFERENCES role(id),
    target_type TEXT NOT NULL CHECK (target_type IN ('project', 'domain')), target_id TEXT NOT NULL,
    PRIMARY KEY (user_id, target_type, target_id, role_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE application_credential (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES user(id),
    project_id TEXT NOT NULL REFERENCES project(id), secret_hash TEXT NOT NULL, UNIQUE (user_id, name)
  ) STRICT;
  CREATE TABLE token (
    hash TEXT PRIMARY KEY, grant_json TEXT NOT NULL, expires_at_ms INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX token_by_expiry ON token (expires_at_ms);
  CREATE TABLE service (id TEXT PRIMARY KEY, type TEXT NOT NULL UNIQUE, name TEXT NOT NULL) STRICT;
  CREATE TABLE endpoint (
    id TEXT PRIMARY KEY, service_id TEXT NOT NULL REFERENCES service(id), interface TEXT NOT NULL,
    position INTEGER NOT NULL, UNIQUE (service_id, interface)
  ) STRICT;

  CREATE TABLE segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, service_type TEXT NOT NULL,
    enabled INTEGER NOT NULL, description TEXT, recovery_method TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT, deleted_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX segment_name ON segment (name) WHERE deleted_at IS NULL;
  CREATE TABLE host (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    segment_uuid TEXT NOT NULL REFERENCES segment(uuid), type TEXT NOT NULL, reserved INTEGER NOT NULL,
    control_attributes TEXT NOT NULL, on_maintenance INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT, deleted_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX host_name ON host (name) WHERE deleted_at IS NULL;
  CREATE INDEX host_segment ON host (segment_uuid);
  CREATE TABLE notification (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, generated_time TEXT NOT NULL,
    source_host_uuid TEXT NOT NULL, type TEXT NOT NULL, payload TEXT NOT NULL, payload_key TEXT NOT NULL,
    status TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT, deleted_at TEXT
  ) STRICT;
  CREATE INDEX notification_duplicate ON notification (source_host_uuid, type, payload_key, generated_time);
  CREATE INDEX notification_in_progress ON notification (source_host_uuid, status);
  `,
  `
  ALTER TABLE notification ADD COLUMN failover_segment_uuid TEXT NOT NULL DEFAULT '';
  ALTER TABLE notification ADD COLUMN message TEXT;
  ALTER TABLE notification ADD COLUMN workflow_tasks TEXT NOT NULL DEFAULT '[]';
  UPDATE notification SET failover_segment_uuid = (SELECT segment_uuid FROM host WHERE host.uuid = source_host_uuid);
  CREATE TABLE vmove (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, notification_uuid TEXT NOT NULL,
    instance_uuid TEXT NOT NULL, instance_name TEXT NOT NULL, source_host TEXT NOT NULL, dest_host TEXT,
    start_time TEXT, end_time TEXT, type TEXT NOT NULL, status TEXT NOT NULL, message TEXT,
    created_at TEXT NOT NULL, updated_at TEXT, deleted_at TEXT
  ) STRICT;
  CREATE INDEX vmove_notification ON vmove (notification_uuid);
  CREATE INDEX segment_newest ON segment (created_at, id) WHERE deleted_at IS NULL;
  CREATE INDEX host_newest ON host (segment_uuid, created_at, id) WHERE deleted_at IS NULL;
  CREATE INDEX notification_newest ON notification (created_at, id) WHERE deleted_at IS NULL;
  CREATE INDEX notification_of_status ON notification (status, created_at, id) WHERE deleted_at IS NULL;
  CREATE INDEX notification_of_type ON notification (type, created_at, id) WHERE deleted_at IS NULL;
  CREATE INDEX notification_of_host ON notification (source_host_uuid, created_at, id) WHERE deleted_at IS NULL;
  `,
  `
  ALTER TABLE domain ADD COLUMN description TEXT NOT NULL DEFAULT 'The default domain';
  ALTER TABLE project ADD COLUMN description TEXT NOT NULL DEFAULT '';
  ALTER TABLE project ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE user ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE user ADD COLUMN extra TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE role ADD COLUMN description TEXT;
  ALTER TABLE application_credential ADD COLUMN description TEXT;
  ALTER TABLE application_credential ADD COLUMN expires_at_ms INTEGER;
  ALTER TABLE application_credential ADD COLUMN unrestricted INTEGER;
  ALTER TABLE application_credential ADD COLUMN role_ids TEXT;
  CREATE TABLE trust (
    id TEXT PRIMARY KEY, trustor_user_id TEXT NOT NULL REFERENCES user(id),
    trustee_user_id TEXT NOT NULL REFERENCES user(id), project_id TEXT REFERENCES project(id),
    impersonation INTEGER NOT NULL, expires_at_ms INTEGER, remaining_uses INTEGER, role_ids TEXT NOT NULL
  ) STRICT;
  ALTER TABLE token ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE token ADD COLUMN delegation_id TEXT;
  UPDATE token SET user_id = json_extract(grant_json, '$.user.id'),
                   delegation_id = json_extract(grant_json, '$.applicationCredential.id');
  CREATE INDEX token_of_user ON token (user_id);
  CREATE TABLE region (id TEXT PRIMARY KEY, description TEXT NOT NULL, parent_region_id TEXT) STRICT;
  INSERT INTO region (id, description) VALUES ('RegionOne', '');
  CREATE TABLE service_3 (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT, description TEXT, enabled INTEGER NOT NULL DEFAULT 1,
    own INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE endpoint_3 (
    id TEXT PRIMARY KEY, service_id TEXT NOT NULL REFERENCES service_3(id), interface TEXT NOT NULL,
    region_id TEXT REFERENCES region(id), url TEXT, enabled INTEGER NOT NULL DEFAULT 1, position INTEGER NOT NULL
  ) STRICT;
  INSERT INTO service_3 (id, type, name, own) SELECT id, type, name, 1 FROM service;
  INSERT INTO endpoint_3 (id, service_id, interface, region_id, position)
    SELECT id, service_id, interface, 'RegionOne', position FROM endpoint;
  DROP TABLE endpoint;
  DROP TABLE service;
  ALTER TABLE service_3 RENAME TO service;
  ALTER TABLE endpoint_3 RENAME TO endpoint;
  CREATE INDEX endpoint_of_service ON endpoint (service_id, position);
  `,
  `
  CREATE INDEX notification_generated ON notification (generated_time, created_at, id) WHERE deleted_at IS NULL;
  CREATE INDEX notification_updated ON notification (updated_at, created_at, id) WHERE deleted_at IS NULL;
  `,
  `
  UPDATE notification SET payload = python_json_again(payload);
  -- Notifications of a host are found by notification_duplicate.
  DROP INDEX notification_in_progress;
  DROP INDEX notification_of_host;
  DROP INDEX notification_newest;
  DROP INDEX notification_generated;
  DROP INDEX notification_updated;
  CREATE INDEX notification_newest ON notification
    (created_at, id, status, type, source_host_uuid, generated_time) WHERE deleted_at IS NULL;
  CREATE INDEX notification_generated ON notification
    (generated_time, created_at, id, status, type, source_host_uuid) WHERE deleted_at IS NULL;
  CREATE INDEX notification_updated ON notification
    (updated_at, created_at, id, status, type, source_host_uuid) WHERE deleted_at IS NULL;
  `,
];
