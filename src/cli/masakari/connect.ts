import { describeDiagnostic } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { forPrograms } from "../../config/readers.ts";
import { type ApiOptions, createSession } from "../../openstack/create-session.ts";
import { AuthenticationError, AuthOptionsError } from "../../openstack/errors.ts";
import { MasakariClient } from "../../openstack/masakari.ts";
import { userAgent } from "../../openstack/user-agent.ts";
import type { Logger } from "../../system/log.ts";
import { systemClock } from "../../system/system-clock.ts";
import { packageVersion } from "../version.ts";
import { optionsFromEnvironment } from "./environment.ts";
import { CommandError, type Surroundings } from "./surroundings.ts";

/**
 * A client for one command, closed when `use` is done. The login comes from `--config-file`, else from OS_* variables,
 * else from this host's own masakarimonitors.conf.
 */
export async function withClient<T>(
  configFiles: readonly string[],
  surroundings: Surroundings,
  use: (client: MasakariClient) => Promise<T>,
): Promise<T> {
  const { env } = surroundings;
  const { api, origin } = findLogin(configFiles, surroundings);
  try {
    const session = await createSession(api, {
      userAgent: userAgent("masakari", packageVersion()),
      clock: systemClock,
      log: onStandardError(surroundings),
      environment: env,
    });
    try {
      return await use(new MasakariClient(session));
    } finally {
      session.close();
    }
  } catch (error) {
    const aboutOptions = error instanceof AuthOptionsError || error instanceof AuthenticationError;
    throw aboutOptions ? new CommandError(`${error.message} (${origin})`, { cause: error }) : error;
  }
}

interface Login {
  readonly api: ApiOptions;
  /** Where an operator sets it right. */
  readonly origin: string;
}

function findLogin(configFiles: readonly string[], surroundings: Surroundings): Login {
  const api = configFiles.length === 0 ? optionsFromEnvironment(surroundings.env) : undefined;
  if (api === undefined) return loginOfMonitors(configFiles, surroundings);
  return { api, origin: "the login comes from the environment: OS_USERNAME for username, and so on" };
}

function loginOfMonitors(configFiles: readonly string[], { env, homeDir }: Surroundings): Login {
  const { config, diagnostics, files } = loadConfig({ program: "masakari", configFiles, env, homeDir });
  // Only what the command reads: an error elsewhere in the monitors' files is not its business.
  const inTheWay = forPrograms(diagnostics, ["masakari"]).find(({ severity }) => severity === "error");
  if (inTheWay !== undefined) throw new CommandError(describeDiagnostic(inTheWay));
  if (files.length === 0) {
    throw new CommandError(
      "no login: set OS_AUTH_URL and the other OS_* variables (source an openrc file), or give --config-file /etc/masakarimonitors/masakarimonitors.conf",
    );
  }
  return { api: config.api, origin: `the login comes from ${files.join(", ")}` };
}

function onStandardError({ err }: Surroundings): Logger {
  const say = (message: string): void => err(`${message}\n`);
  const silent = (): void => undefined;
  const log: Logger = { debug: silent, info: silent, warning: say, error: say, critical: say, named: () => log };
  return log;
}
