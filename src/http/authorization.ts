import { RequestError } from "./errors.ts";

/** Headers that authenticate a request. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** What a server might send back, and no message may hold. */
  readonly secrets: readonly string[];
}

/** `Authorization: Basic …` (RFC 7617). @throws RequestError for a user name with a colon, which the format cannot express */
export function basicAuthorization(username: string, password: string): Credentials {
  if (username.includes(":"))
    throw new RequestError("a user name for HTTP basic authentication may not contain a colon");
  const encoded = Buffer.from(`${username}:${password}`, "utf8").toString("base64");
  return { headers: { Authorization: `Basic ${encoded}` }, secrets: [password, encoded] };
}

/**
 * `Authorization: Bearer …` (RFC 6750). @param token as it was read from a file: white space around it is not part of it
 * @throws RequestError for a token that cannot be sent
 */
export function bearerAuthorization(token: string): Credentials {
  const trimmed = token.trim();
  // Node refuses the header too, but only once the request is sent.
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new RequestError("the bearer token is empty, or contains characters that are not allowed in an HTTP header");
  }
  return { headers: { Authorization: `Bearer ${trimmed}` }, secrets: [trimmed] };
}
