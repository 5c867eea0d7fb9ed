import { fallback, type InferOutput, maxLength, object, optional, pipe, string, unknown } from "valibot";
import { ResponseError } from "../../http/errors.ts";
import type { HttpResponse, Transport } from "../../http/transport.ts";
import { parseJson } from "../../system/parse-json.ts";
import { parseCatalog } from "../catalog.ts";
import { errorDetail } from "../error-body.ts";
import { AuthenticationError, HttpStatusError } from "../errors.ts";
import { pythonJson } from "../json.ts";
import { redact } from "../redact.ts";
import { discoverIdentity, identityUrlFromPath } from "./discovery.ts";
import { type AuthOptions, requireOption } from "./options.ts";
import type { Authorization, AuthPlugin } from "./plugin.ts";

/** What a login yields. Only the token itself, in a header, has to be there: without a catalog or a time it may still be of use. */
const loginResponse = object({
  token: object({
    issued_at: fallback(string(), ""),
    expires_at: fallback(string(), ""),
    project: fallback(optional(object({ id: pipe(string(), maxLength(255)) })), undefined),
    catalog: optional(unknown()),
  }),
});

/** What differs between the ways of logging in to Keystone v3. */
export interface KeystoneLogin {
  /** keystoneauth's `v3…` plugins take auth_url as it is; the others look first which versions Keystone has. */
  readonly discovers: boolean;
  /** `auth.identity`. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** `auth.scope`. */
  readonly scope: Readonly<Record<string, unknown>> | undefined;
  readonly who: string;
  readonly secrets: readonly string[];
  /** The options to check when Keystone refuses. */
  readonly check: string;
}

/** `POST {v3}/auth/tokens`, after `GET {auth_url}` the first time if the plugin discovers. @throws AuthOptionsError */
export function keystonePlugin(options: AuthOptions, login: KeystoneLogin): AuthPlugin {
  return new KeystonePlugin(requireOption(options, "auth_url"), login);
}

class KeystonePlugin implements AuthPlugin {
  readonly who: string;
  readonly renewable = true;
  readonly secrets: readonly string[];
  readonly #authUrl: string;
  readonly #login: KeystoneLogin;
  #identityUrl: string | undefined;

  constructor(authUrl: string, login: KeystoneLogin) {
    this.who = login.who;
    this.secrets = login.secrets;
    this.#authUrl = authUrl.replace(/\/+$/, "");
    this.#login = login;
  }

  async authorize(transport: Transport, signal: AbortSignal): Promise<Authorization> {
    this.#identityUrl ??= this.#login.discovers
      ? await discoverIdentity(transport, this.#authUrl, signal)
      : identityUrlFromPath(this.#authUrl);
    const { identity, scope } = this.#login;
    const response = await transport.send(
      {
        method: "POST",
        url: `${this.#identityUrl}/auth/tokens`,
        peer: "Keystone",
        headers: { Accept: "application/json", "Content-Type": "application/json" },
        body: pythonJson({ auth: { identity, scope } }),
        // A login that happens twice only leaves a second token to expire.
        repeatable: true,
      },
      signal,
    );
    if (response.status !== 200 && response.status !== 201) throw this.#refusal(response);
    return this.#granted(response);
  }

  #granted(response: HttpResponse): Authorization {
    const token = response.headers["x-subject-token"];
    const body = parseJson(loginResponse, response.body.toString("utf8"))?.token;
    if (typeof token !== "string" || body === undefined) {
      throw new ResponseError(
        `${this.#whereabouts()} responded to a login without a token: is auth_url Keystone's URL?`,
      );
    }
    return {
      headers: { "X-Auth-Token": token },
      lifetimeMs: lifetime(body),
      services: { catalog: parseCatalog(body.catalog), projectId: body.project?.id },
      secrets: [token],
    };
  }

  #refusal(response: HttpResponse): AuthenticationError | HttpStatusError {
    const { status } = response;
    const detail = errorDetail(response.body, (text) => redact(text, this.secrets));
    const where = this.#whereabouts();
    if (status === 401) {
      return new AuthenticationError(
        `${where} refused the login of ${this.who}: ${detail || "unauthorized"} Check ${this.#login.check} in [api].`,
      );
    }
    // Keystone may have moved, or been upgraded: look again at the next attempt.
    this.#identityUrl = undefined;
    const hint = status === 404 ? " Check auth_url in [api]." : "";
    return new HttpStatusError(
      `${where} returned ${status} to the login of ${this.who}: ${detail || "no reason given"}${hint}`,
      status,
      detail,
    );
  }

  #whereabouts(): string {
    return `Keystone at ${withoutUserinfo(this.#identityUrl ?? this.#authUrl)}`;
  }
}

/** From Keystone's own two times, so that a wrong clock on this host neither keeps a dead token nor renews for ever. */
function lifetime({ issued_at, expires_at }: InferOutput<typeof loginResponse>["token"]): number | undefined {
  const [issued, expires] = [issued_at, expires_at].map((time) => Date.parse(time.slice(0, 64)));
  if (issued === undefined || expires === undefined || Number.isNaN(issued) || Number.isNaN(expires)) return undefined;
  return Math.max(0, expires - issued);
}

function withoutUserinfo(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//");
}
