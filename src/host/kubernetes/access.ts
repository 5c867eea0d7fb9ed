import type { TlsOptions } from "../../http/tls.ts";

/** Where the API server is, and as whom to ask it. */
export interface Access {
  /** Without a slash at its end. */
  readonly server: string;
  readonly tls: TlsOptions;
  readonly credentials: Credentials;
  /** `proxy-url` of a kubeconfig; the environment's proxies are not used. */
  readonly proxy?: string | undefined;
}

export type Credentials =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A client certificate among the TLS options, or anonymous. */
  | { readonly kind: "none" };
