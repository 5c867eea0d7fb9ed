import { checkConfig } from "../config/check-config.ts";
import { type Diagnostic, describeDiagnostic, hasError } from "../config/diagnostic.ts";
import type { Loaded } from "../config/load.ts";
import { diagnosticAt, originOf } from "../config/origin.ts";
import type { Config } from "../config/sections.ts";
import { commentHint } from "../config/values.ts";
import { TlsError } from "../http/errors.ts";
import { parseUri, UriError } from "../libvirt/mod.ts";
import { AuthOptionsError } from "../openstack/errors.ts";
import { checkHost } from "./check-host.ts";
import { checkPage } from "./check-page.ts";

/**
 * Everything that is wrong with a configuration, as `check-config` shows it and as the programs judge it when they start: besides
 * what `config/` knows, each part that will use a value is asked whether it takes it. No server is asked.
 * @param programs their own names, e.g. `processmonitor`
 */
export async function checkPrograms(loaded: Loaded, programs: readonly string[]): Promise<readonly Diagnostic[]> {
  const found = new Map<string, Diagnostic>();
  const add = (diagnostics: readonly Diagnostic[]): void => {
    for (const one of diagnostics) found.set(describeDiagnostic(one), one);
  };
  for (const program of programs) add(await checkConfig(loaded, program));
  add(connectionUri(loaded));
  add(checkPage(loaded));
  // It loads the driver, whose code is the host monitor's business alone.
  if (programs.includes("hostmonitor")) add(await checkHost(loaded));
  if (programs.includes("hostmonitor") && loaded.config.host.monitoring_driver === "consul") {
    const { checkSetup } = await import("../host/consul/check.ts");
    add((await checkSetup(loaded.config.consul, loaded.origins)).diagnostics);
  }
  // Of what config/ has found already, the parts would only report the same in other words.
  if (!hasError([...found.values()].filter(({ section }) => section === "api"))) add(await login(loaded));
  return [...found.values()];
}

function connectionUri(loaded: Loaded): Diagnostic[] {
  const uri = loaded.config.libvirt.connection_uri;
  try {
    parseUri(uri);
    return [];
  } catch (error) {
    if (!(error instanceof UriError)) throw error;
    const shown = loaded.shown.get("libvirt.connection_uri");
    const reason = shown === undefined ? `${error.message}${commentHint(uri)}` : `${shown} leads to no libvirt URI`;
    const origin = originOf(loaded.origins, "libvirt", "connection_uri");
    return [diagnosticAt("error", "libvirt", origin, `[libvirt] connection_uri: ${reason}`)];
  }
}

/** Builds the login and the TLS context as the session will, and throws them away. */
async function login({ config: { api }, origins }: Loaded): Promise<Diagnostic[]> {
  const refused = await refusal(api);
  if (refused === undefined) return [];
  const origin = originOf(origins, "api", refused.option);
  return [diagnosticAt("error", "api", origin, `[api] ${refused.message}`)];
}

async function refusal(api: Config["api"]): Promise<{ option: string; message: string } | undefined> {
  const { createAuthPlugin } = await import("../openstack/auth/plugins.ts");
  try {
    await createAuthPlugin(api);
  } catch (error) {
    if (error instanceof AuthOptionsError) return { option: "auth_type", message: error.message };
    throw error;
  }
  if (![api.auth_url, api.endpoint].some((url) => url?.startsWith("https:"))) return undefined;
  const { secureContext } = await import("../http/tls.ts");
  const { cafile, certfile, keyfile, insecure } = api;
  try {
    await secureContext({ cafile, certfile, keyfile, insecure }, process.env);
    return undefined;
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return { option: error.option ?? "cafile", message: error.message };
  }
}
