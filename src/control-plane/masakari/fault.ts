/** A refusal by the embedded masakari-api; its message is what the caller sees. */
export class ApiFault extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "ApiFault";
    this.code = code;
  }
}

const names: Readonly<Record<number, string>> = {
  400: "badRequest",
  401: "unauthorized",
  403: "forbidden",
  404: "itemNotFound",
  405: "badMethod",
  409: "conflictingRequest",
  413: "overLimit",
  415: "badMediaType",
  501: "notImplemented",
  503: "serviceUnavailable",
};

/** The body of a fault: one member, named after the code, with code and message. */
export function faultBody({ code, message }: { readonly code: number; readonly message: string }) {
  return { [names[code] ?? "masakariFault"]: { code, message } };
}
