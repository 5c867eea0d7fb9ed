import { type RawResponse, rawRequest } from "../support/raw-request.ts";
import type { ApiCall, Kind, Made } from "./random-calls.ts";

/** A Masakari API under random calls. */
export interface Played {
  /** Without `/v1`. */
  readonly origin: string;
  readonly tokens: { readonly admin: string; readonly member: string };
  /** Of the administrator's token. */
  readonly projectId: string;
}

const idMembers = { segment: "uuid", host: "uuid", notification: "notification_uuid" } as const satisfies Record<
  Kind,
  string
>;

/** One API, and the UUIDs of what was made there, by kind and number. */
export class Side {
  readonly #api: Played;
  readonly #ids: Record<Kind, string[]> = { segment: [], host: [], notification: [] };

  constructor(api: Played) {
    this.#api = api;
  }

  get made(): Made {
    const { segment, host, notification } = this.#ids;
    return { segment: segment.length, host: host.length, notification: notification.length };
  }

  async send({ method, path, headers, body, user, makes }: ApiCall): Promise<RawResponse> {
    const { tokens, origin } = this.#api;
    const token = { admin: tokens.admin, member: tokens.member, stranger: "gAAAAnone", nobody: undefined }[user];
    const response = await rawRequest(
      origin + this.#filledIn(path),
      method,
      { ...headers, ...(token !== undefined && { "x-auth-token": token }) },
      typeof body === "string" ? this.#filledIn(body) : body,
    );
    if (makes !== undefined && response.status >= 200 && response.status < 300 && response.status !== 204) {
      const object = (JSON.parse(response.body) as Record<string, Record<string, string>>)[makes];
      const id = object?.[idMembers[makes]];
      if (id !== undefined) this.#ids[makes].push(id);
    }
    return response;
  }

  #filledIn(text: string): string {
    return text
      .replaceAll("{project}", this.#api.projectId)
      .replaceAll(
        /\{(segment|host|notification) (\d+)( undashed| upper)?\}/g,
        (_, kind: Kind, number: string, form?: string) => {
          const id = this.#ids[kind][Number(number) - 1] ?? "missing";
          return form === " undashed" ? id.replaceAll("-", "") : form === " upper" ? id.toUpperCase() : id;
        },
      );
  }
}
