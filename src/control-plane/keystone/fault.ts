import type { Json } from "../formats/python-json.ts";

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A refusal by the embedded Keystone; its message is what the caller sees. */
export class KeystoneFault extends Error {
  readonly code: number;
  /** Seconds until another attempt makes sense. */
  readonly retryAfter: number | undefined;

  constructor(code: number, message: string, retryAfter?: number) {
    super(message);
    this.name = "KeystoneFault";
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Keystone's one response to every wrong credential, so that nobody learns which part was wrong. */
export function unauthorized(): KeystoneFault {
  return new KeystoneFault(401, "The request you have made requires authentication.");
}

/** 400 "Expecting to find … in …", as Keystone words a missing member. */
export function expecting(what: string, where: string): KeystoneFault {
  return new KeystoneFault(
    400,
    `Expecting to find ${what} in ${where}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`,
  );
}

/** Keystone's error body: compact, keys in alphabetical order, with a final newline (unlike its other responses). */
export function faultBody({ code, message }: { readonly code: number; readonly message: string }): Buffer {
  const error: Json = { code, message, title: titles[code] ?? "Error" };
  return Buffer.from(`${JSON.stringify({ error })}\n`);
}
