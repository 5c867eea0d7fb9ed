/** Why the control plane did not start. `code` is stable; `message` has what to do. */
export class ControlPlaneError extends Error {
  readonly code: "not-loopback" | "cannot-listen" | "database" | "seed";

  constructor(code: ControlPlaneError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ControlPlaneError";
    this.code = code;
  }
}
