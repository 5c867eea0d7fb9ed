import type { Seeded } from "../support/seeded.ts";
import { jsonText, oddBodies, oddValue, time } from "./random-values.ts";

/** One request to a Masakari API. In path and body `{segment 3}` stands for the UUID of the third segment that was made. */
export interface ApiCall {
  readonly method: string;
  /** Below the API's URL without `/v1`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly user: "admin" | "member" | "nobody" | "stranger";
  /** What a success makes: the kind of it. */
  readonly makes: Kind | undefined;
}

export type Kind = "segment" | "host" | "notification";

/** How many of each kind there have been. */
export type Made = Readonly<Record<Kind, number>>;

type Members = Record<string, unknown>;

/** Draws calls: most of them valid or nearly so, on what earlier ones have made. */
export class RandomCalls {
  readonly #random: Seeded;
  readonly #made: () => Made;

  constructor(random: Seeded, made: () => Made) {
    this.#random = random;
    this.#made = made;
  }

  next(): ApiCall {
    const random = this.#random;
    const kind = random.pick([
      "segment",
      "segment",
      "host",
      "host",
      "host",
      "notification",
      "notification",
      "notification",
    ] as const);
    if (random.chance(0.05))
      return this.#call(random.pick(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]), this.#oddPath());
    const action = random.pick([
      "create",
      "create",
      "create",
      "list",
      "list",
      "show",
      "update",
      "update",
      "delete",
    ] as const);
    const collection = this.#collection(kind);
    const member = `${collection}/${this.#id(kind)}${random.chance(0.03) ? random.pick([".json", ".xml", ".txt", "/", "/edit"]) : ""}`;
    switch (action) {
      case "create":
        return this.#call("POST", collection, this.#body(kind, this.#fields(kind)), kind);
      case "update":
        return this.#call("PUT", member, this.#body(kind, this.#changes(kind)));
      case "list":
        return this.#call("GET", `${collection}${this.#query(kind)}`);
      case "show":
        return this.#call("GET", member);
      case "delete":
        // Seldom, so that there is something to act on.
        return this.#call(random.chance(0.4) ? "DELETE" : "GET", member);
    }
  }

  #call(method: string, path: string, body: string | Buffer = "", makes?: Kind): ApiCall {
    const random = this.#random;
    const prefix = random.chance(0.03) ? random.pick(["/v1/{project}", "/v1/abc", "/v2", ""]) : "/v1";
    const version = random.chance(0.5)
      ? random.pick([
          "instance-ha 1.0",
          "instance-ha 1.2",
          "instance-ha latest",
          "INSTANCE-HA 1.2",
          "compute 2.1, instance-ha 1.2",
        ])
      : random.pick(["", "", "", "instance-ha 1.9", "instance-ha x", "instance-ha 2.0", "instance-ha", "nova 1.2"]);
    // At 1.1 and later the details of a notification are asked of an engine, which there is none.
    const isShownNotification = /^\/notifications\/[^?]/.test(path);
    const headers = {
      accept: random.chance(0.8)
        ? "application/json"
        : random.pick(["*/*", "text/html", "application/vnd.openstack.masakari+json", "image/png"]),
      ...(random.chance(0.9) ? { "content-type": "application/json" } : this.#contentType()),
      ...(version !== "" && !isShownNotification && { "openstack-api-version": version }),
    };
    const user = random.chance(0.94) ? "admin" : random.pick(["member", "nobody", "stranger"] as const);
    return { method, path: `${prefix}${path}`, headers, body, user, makes };
  }

  #contentType(): Record<string, string> {
    const type = this.#random.pick([
      "",
      "text/plain",
      "application/vnd.openstack.masakari+json",
      "text/xml",
      "application/json; charset=utf-8",
    ]);
    return type === "" ? {} : { "content-type": type };
  }

  #oddPath(): string {
    return this.#random.pick([
      ...[
        "",
        "/",
        "/segments/",
        "/nothing",
        "/extensions",
        "/extensions/segments",
        "/extensions/none",
        "/notifications/new",
      ],
      ...[
        "/segments/new",
        `/segments/${this.#id("segment")}/action`,
        `/segments/${this.#id("segment")}/edit`,
        "/segments.json",
      ],
      ...[`/segments/${this.#id("segment")}/hosts/new`, "/segments/x/y/z", "//segments", "/Segments", "/versions"],
      ...[`/segments/${this.#id("segment")}/hosts/${this.#id("host")}/x`, "/segments?x=%zz", "/segments/%2e%2e"],
    ]);
  }

  #collection(kind: Kind): string {
    return kind === "host" ? `/segments/${this.#id("segment")}/hosts` : `/${kind}s`;
  }

  #id(kind: Kind): string {
    const random = this.#random;
    const count = this.#made()[kind];
    if (count === 0 || random.chance(0.06)) {
      return random.pick([
        "x",
        "0",
        "7a7e0a3c-6a3b-4d32-8d3d-0a3c6a3b4d32",
        "7A7E0A3C6A3B4D328D3D0A3C6A3B4D32",
        "%20",
        "a%2Fb",
        "-",
      ]);
    }
    // Mostly the latest ones: earlier ones may be deleted.
    const number = random.chance(0.7) ? random.between(Math.max(1, count - 3), count) : random.between(1, count);
    return `{${kind} ${number}${random.chance(0.04) ? random.pick([" undashed", " upper"]) : ""}}`;
  }

  #name(kind: "segment" | "host"): string {
    return `${kind}${this.#random.between(1, 6)}`;
  }

  #fields(kind: Kind): Members {
    const random = this.#random;
    const truth = () => random.pick([true, false, "true", "No", "1", "off", "t"]);
    if (kind === "segment") {
      return {
        ...{
          name: this.#name("segment"),
          recovery_method: random.pick(["auto", "reserved_host", "auto_priority", "rh_priority"]),
        },
        service_type: random.pick(["COMPUTE", "other"]),
        ...(random.chance(0.4) && { description: random.pick(["a", "Büro\n2", null, "", "😀"]) }),
        ...(random.chance(0.2) && { enabled: truth() }),
      };
    }
    if (kind === "host") {
      return {
        ...{
          name: this.#name("host"),
          type: random.pick(["COMPUTE", "x", ""]),
          control_attributes: random.pick(["SSH", "", "ä\nb"]),
        },
        ...(random.chance(0.3) && { reserved: truth() }),
        ...(random.chance(0.2) && { on_maintenance: truth() }),
      };
    }
    const type = random.pick(["COMPUTE_HOST", "VM", "PROCESS"]);
    return { type, hostname: this.#name("host"), generated_time: time(random), payload: this.#payload(type) };
  }

  #payload(type: string): Members {
    const random = this.#random;
    const event = random.pick(["STARTED", "STOPPED"]);
    const payloads: Record<string, Members> = {
      COMPUTE_HOST: {
        event,
        host_status: random.pick(["NORMAL", "UNKNOWN"]),
        cluster_status: random.pick(["ONLINE", "OFFLINE"]),
      },
      VM: {
        event: "LIFECYCLE",
        instance_uuid: "7a7e0a3c-6a3b-4d32-8d3d-0a3c6a3b4d32",
        vir_domain_event: "STOPPED_FAILED",
      },
      PROCESS: { event, process_name: random.pick(["libvirtd", "nova-compute"]) },
    };
    const payload = payloads[type] ?? {};
    return random.chance(0.2) ? this.#changed(payload) : payload;
  }

  #body(kind: Kind, fields: Members): string | Buffer {
    const random = this.#random;
    if (random.chance(0.07)) return random.pick(oddBodies);
    if (random.chance(0.3)) fields = this.#changed(fields);
    const whole: Members = {
      [random.chance(0.02) ? `${kind}s` : kind]: random.chance(0.02) ? oddValue(random) : fields,
    };
    if (random.chance(0.02)) whole[random.pick(["x", "host"])] = oddValue(random);
    return jsonText(whole);
  }

  /** With one member that is missing, odd or not known. */
  #changed(members: Members): Members {
    const random = this.#random;
    const names = Object.keys(members);
    const changed = { ...members };
    const name = random.pick([...names, ...names, "uuid", "éx", "a b", "x".repeat(256)]);
    if (random.chance(0.2)) delete changed[name];
    else changed[name] = oddValue(random);
    return changed;
  }

  #changes(kind: Kind): Members {
    const all = Object.entries(this.#fields(kind)).filter(() => this.#random.chance(0.5));
    // masakari 14.0.2 takes every text for true here (test/unit/control-plane/differences.test.ts): the two would be different from then on.
    return Object.fromEntries(
      all.filter(([name, value]) => kind !== "segment" || name !== "enabled" || typeof value === "boolean"),
    );
  }

  #query(kind: Kind): string {
    const random = this.#random;
    const parts: string[] = [];
    for (let more = random.between(0, 3); more > 0; more--) parts.push(this.#parameter(kind));
    return parts.length === 0 ? "" : `?${parts.join("&")}`;
  }

  #parameter(kind: Kind): string {
    const random = this.#random;
    const [name, values] = random.pick<readonly [string, readonly string[]]>([
      ["limit", ["0", "1", "2", "3", "1000", "-1", "x", "", "1.5", "%201", "1_0", "99999999999999999999"]],
      ["marker", ["1", "2", "3", "4", "5", "99999", "x", "", "-1"]],
      // Not by updated_at or uuid: the order of equals would be that of the clock or of chance.
      [
        "sort_key",
        [
          "id",
          "created_at",
          "name",
          "type",
          "status",
          "service_type",
          "generated_time",
          "reserved",
          "x",
          "",
          "payload",
          "deleted",
        ],
      ],
      ["sort_dir", ["asc", "desc", "ASC", "x", "", "%20asc"]],
      ["page_size", ["1", "x"]],
      ...(kind === "segment"
        ? ([
            ["recovery_method", ["auto", "x"]],
            ["service_type", ["COMPUTE", "other", ""]],
            ["enabled", ["1", "0", "true", "True", "x"]],
          ] as const)
        : []),
      ...(kind === "host"
        ? ([
            ["type", ["COMPUTE", "x", ""]],
            ["on_maintenance", ["true", "0", "t", "maybe", "", "OFF"]],
            ["reserved", ["yes", "f", "2"]],
            ["name", ["host1"]],
          ] as const)
        : []),
      ...(kind === "notification"
        ? ([
            ["type", ["VM", "PROCESS", "x"]],
            ["status", ["new", "NEW", "x", ""]],
            ["source_host_uuid", [`${this.#id("host")}`]],
            ["generated-since", [encodeURIComponent(time(random))]],
          ] as const)
        : []),
      ["x", ["1"]],
    ]);
    return `${name}=${random.pick(values)}`;
  }
}
