import { describeDiagnostic } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { forPrograms } from "../../config/readers.ts";
import type { ApiOptions } from "../../openstack/create-session.ts";
import { loginOfCloud } from "./cloud.ts";
import { type CommandContext, CommandError } from "./command-context.ts";
import { type Environment, optionsFromEnvironment, strayVariable, withOptions } from "./environment.ts";

/** What the command line has for the login. */
export interface LoginChoice {
  readonly configFiles: readonly string[];
  /** `--os-cloud` */
  readonly cloud: string | undefined;
  /** `--os-project-name` and its like, in the form of OS_* variables: they change a login that comes from a file. */
  readonly options: Environment;
}

export interface Login {
  readonly api: ApiOptions;
  /** In place of what the catalog has. */
  readonly endpoint?: string | undefined;
  /** Where an operator sets it right. */
  readonly origin: string;
}

/**
 * The login that was asked for: `--config-file` or `--os-cloud`, else OS_CLOUD or the other OS_* variables, else this host's own
 * masakarimonitors.conf. What asks for two clouds, or for one that cannot be used, is refused: a command must never reach
 * another cloud than the one that is meant.
 * @throws CommandError
 */
export async function findLogin(choice: LoginChoice, context: CommandContext): Promise<Login> {
  const { api, ...rest } = await chosenLogin(choice, context);
  return { api: withOptions(api, choice.options), ...rest };
}

async function chosenLogin({ configFiles, cloud }: LoginChoice, context: CommandContext): Promise<Login> {
  const { env } = context;
  if (configFiles.length > 0) {
    if (cloud !== undefined) throw new CommandError("--config-file and --os-cloud are two logins; give one of them");
    return loginOfMonitors(configFiles, context);
  }
  if (cloud !== undefined) return await loginOfCloud(cloud, context);
  const named = env.OS_CLOUD || undefined;
  const fromEnvironment = optionsFromEnvironment(env);
  // openstacksdk's name for the cloud that the variables describe.
  if (named !== undefined && named !== (env.OS_CLOUD_NAME || "envvars")) {
    if (fromEnvironment === undefined) return await loginOfCloud(named, context);
    throw new CommandError(
      `OS_CLOUD=${named} and OS_AUTH_URL are two logins, and may be two clouds; unset one of them, or give --os-cloud`,
    );
  }
  if (fromEnvironment !== undefined) {
    return {
      api: fromEnvironment,
      origin:
        "the login comes from the environment: OS_USERNAME for username, OS_CACERT for cafile, OS_REGION_NAME for region, and so on",
    };
  }
  if (env.OS_CLIENT_CONFIG_FILE) return await loginOfCloud(undefined, context);
  const stray = strayVariable(env);
  if (stray !== undefined || named !== undefined) {
    throw new CommandError(
      `${stray ?? `OS_CLOUD=${named}`} is set, but OS_AUTH_URL is not: source the whole openrc file, or unset it to use this host's own configuration`,
    );
  }
  return loginOfMonitors([], context);
}

function loginOfMonitors(configFiles: readonly string[], { env, homeDir }: CommandContext): Login {
  const { config, diagnostics, files } = loadConfig({ program: "masakari", configFiles, env, homeDir });
  // Only what the command reads: an error elsewhere in the monitors' files is not its business.
  const inTheWay = forPrograms(diagnostics, ["masakari"]).find(({ severity }) => severity === "error");
  if (inTheWay !== undefined) throw new CommandError(describeDiagnostic(inTheWay));
  if (files.length === 0) {
    throw new CommandError(
      "no login: set OS_CLOUD, or OS_AUTH_URL and the other OS_* variables (source an openrc file), or give --config-file /etc/masakarimonitors/masakarimonitors.conf",
    );
  }
  return { api: config.api, origin: `the login comes from ${files.join(", ")}` };
}
