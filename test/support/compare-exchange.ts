import type { Side } from "./same-world.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Headers that must be the same, or missing in both. */
const comparedHeaders = ["content-type", "openstack-api-version", "vary", "www-authenticate", "location", "allow"];

/** What of a response's head two services must agree on. */
export function comparableHead(status: number, headers: Headers, side: Side) {
  return {
    status,
    ...Object.fromEntries(comparedHeaders.map((name) => [name, side.normalise(String(headers[name] ?? "-"))])),
    requestId: headers["x-openstack-request-id"] !== undefined,
    subjectToken: headers["x-subject-token"] !== undefined,
  };
}

/** A body as text, byte for byte, but for what is random and for the catalog's Nova, which is not embedded. */
export function comparableBody(body: string, side: Side): string {
  return side.normalise(
    body.replace(/, \{"endpoints": \[(?:\{[^}]*"http:[^}]*\/v2\.1"[^}]*\}(?:, )?)+\], [^}]*\}/, ""),
  );
}
