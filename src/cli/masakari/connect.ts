import { userAgent } from "../../http/user-agent.ts";
import { createSession } from "../../openstack/create-session.ts";
import { AuthenticationError, AuthOptionsError } from "../../openstack/errors.ts";
import { MasakariClient } from "../../openstack/masakari.ts";
import type { Logger } from "../../system/log.ts";
import { messageOf } from "../../system/message-of.ts";
import { systemClock } from "../../system/system-clock.ts";
import { packageVersion } from "../version.ts";
import { type CommandContext, CommandError } from "./command-context.ts";
import { findLogin, type LoginChoice } from "./login.ts";
import { RequestTrace } from "./request-trace.ts";
import { timingTable } from "./timing-table.ts";

/** What `--debug` and `--timing` ask for. */
export interface Tracing {
  readonly debug: boolean;
  readonly timing: boolean;
}

/** A client for one command, closed when `use` is done. */
export async function withClient<T>(
  choice: LoginChoice & Tracing,
  context: CommandContext,
  use: (client: MasakariClient) => Promise<T>,
): Promise<T> {
  const { env } = context;
  const { api, endpoint, origin } = await findLogin(choice, context);
  const secrets = [api.password, api.token, api.application_credential_secret].filter((secret) => secret !== undefined);
  const trace = new RequestTrace(systemClock, choice.debug ? context.err : undefined, secrets);
  try {
    const session = await createSession(api, {
      userAgent: userAgent("masakari", packageVersion()),
      clock: systemClock,
      log: onStandardError(context),
      environment: env,
      endpoint,
      around: (transport) => trace.around(transport),
    });
    try {
      return await use(new MasakariClient(session));
    } finally {
      session.close();
      if (choice.timing) context.err(timingTable(trace.timed, context));
    }
  } catch (error) {
    const aboutLogin = error instanceof AuthOptionsError || error instanceof AuthenticationError;
    // Whoever has an openrc file has no [api] to look into.
    if (!(aboutLogin || (error instanceof Error && error.message.includes("[api]")))) throw error;
    throw new CommandError(`${messageOf(error)} (${origin})`, { cause: error });
  }
}

function onStandardError({ err }: CommandContext): Logger {
  const writeLine = (message: string): void => err(`${message}\n`);
  const silent = (): void => undefined;
  const log: Logger = {
    debug: silent,
    info: silent,
    warning: writeLine,
    error: writeLine,
    critical: writeLine,
    named: () => log,
  };
  return log;
}
