import { userAgent } from "../../http/user-agent.ts";
import { createSession } from "../../openstack/create-session.ts";
import { AuthenticationError, AuthOptionsError } from "../../openstack/errors.ts";
import { MasakariClient } from "../../openstack/masakari.ts";
import type { Logger } from "../../system/log.ts";
import { systemClock } from "../../system/system-clock.ts";
import { packageVersion } from "../version.ts";
import { type CommandContext, CommandError } from "./command-context.ts";
import { findLogin, type LoginChoice } from "./login.ts";

/** A client for one command, closed when `use` is done. */
export async function withClient<T>(
  choice: LoginChoice,
  context: CommandContext,
  use: (client: MasakariClient) => Promise<T>,
): Promise<T> {
  const { env } = context;
  const { api, endpoint, origin } = await findLogin(choice, context);
  try {
    const session = await createSession(api, {
      userAgent: userAgent("masakari", packageVersion()),
      clock: systemClock,
      log: onStandardError(context),
      environment: env,
      endpoint,
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
