import { type Diagnostic, hasError } from "../../config/diagnostic.ts";
import { diagnosticAt, type Origins, originOf } from "../../config/origin.ts";
import { bearerAuthorization } from "../../http/authorization.ts";
import { RequestError, TlsError } from "../../http/errors.ts";
import { secureContext } from "../../http/tls.ts";
import { defaultMatrix, type Matrix } from "./matrix.ts";
import {
  type AgentAddress,
  agentAddress,
  type ConsulConfig,
  configuredNetworks,
  NETWORKS,
  tokenOf,
} from "./networks.ts";

/** What the driver runs with. */
export interface ConsulSetup {
  readonly matrix: Matrix;
  /** Of the networks in the matrix's sequence. */
  readonly agents: readonly AgentAddress[];
}

export interface CheckedSetup {
  /** Undefined if the configuration cannot be used: then there is an error among the diagnostics. */
  readonly setup: ConsulSetup | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads `[consul]` with its matrix and certificates; no agent is asked. @param origins where the values come from, for `file:line` */
export async function checkSetup(config: ConsulConfig, origins: Origins): Promise<CheckedSetup> {
  const diagnostics: Diagnostic[] = [];
  const refuse = (option: string, message: string): void => {
    diagnostics.push(diagnosticAt("error", "consul", originOf(origins, "consul", option), `[consul] ${message}`));
  };
  const configured = configuredNetworks(config);
  if (configured.length === 0)
    refuse(
      "agent_manage",
      "none of agent_manage, agent_tenant and agent_storage is set, which the Consul driver needs",
    );
  for (const network of configured) {
    if (agentAddress(network, config) === undefined)
      refuse(`agent_${network}`, `agent_${network} must be HOST or HOST:PORT, e.g. 127.0.0.1:8500 or [::1]:8500`);
  }
  checkTokens(config, refuse);
  await checkTls(config, refuse);
  const matrix = configured.length === 0 ? undefined : await matrixOf(config, diagnostics, refuse);
  if (matrix === undefined || hasError(diagnostics)) return { setup: undefined, diagnostics };
  const agents = matrix.sequence.flatMap((network) => agentAddress(network, config) ?? []);
  return { setup: { matrix, agents }, diagnostics };
}

type Refuse = (option: string, message: string) => void;

async function matrixOf(config: ConsulConfig, diagnostics: Diagnostic[], refuse: Refuse): Promise<Matrix | undefined> {
  const { matrix_config_file: file } = config;
  const configured = configuredNetworks(config);
  if (file !== undefined) {
    const { readMatrixFile } = await import("./matrix-file.ts");
    const read = readMatrixFile(file, configured);
    diagnostics.push(...read.diagnostics);
    return read.matrix;
  }
  if (configured.includes("storage")) return defaultMatrix(configured);
  refuse(
    "agent_storage",
    "agent_storage is not set, and without matrix_config_file only a failure on the storage network leads to a recovery: set one of them",
  );
  return undefined;
}

function checkTokens(config: ConsulConfig, refuse: Refuse): void {
  for (const network of NETWORKS) {
    const token = tokenOf(network, config);
    if (token === undefined) continue;
    try {
      bearerAuthorization(token);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const option = config[`token_${network}`] === undefined ? "token" : `token_${network}`;
      refuse(option, `${option} contains characters that are not allowed in an HTTP header`);
    }
  }
}

async function checkTls({ scheme, ca_file, cert_file, key_file }: ConsulConfig, refuse: Refuse): Promise<void> {
  if (scheme !== "https") return;
  try {
    await secureContext({ cafile: ca_file, certfile: cert_file, keyfile: key_file }, {});
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    refuse({ cafile: "ca_file", certfile: "cert_file", keyfile: "key_file" }[error.option ?? "cafile"], error.message);
  }
}
