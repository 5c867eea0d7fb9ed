import type { Command } from "commander";
import type { CallOptions, MasakariClient } from "../../openstack/masakari.ts";
import { printableJson } from "../../system/printable.ts";
import { negotiated } from "./call.ts";
import type { CommandContext } from "./command-context.ts";
import { withClient } from "./connect.ts";
import { environmentWith } from "./environment.ts";
import { loginOptionsOf } from "./old-syntax.ts";
import type { OutputOptions } from "./output/format-options.ts";
import { onTerminal } from "./output/formats.ts";
import { choosesOutput } from "./output/options.ts";
import { render } from "./output/render.ts";
import type { Result } from "./result.ts";

/** Longer than any command should take: each request has its own, shorter time-out. ms. */
const patience = 300_000;

/** What one command asks of Masakari; one result after the other is printed. */
export type Call = CallOptions & { readonly warn: (text: string) => void };
export type Action = (client: MasakariClient, call: Call) => Promise<Result> | AsyncIterable<Result>;

/**
 * Makes an action of commander's: `prepare` takes arguments and options, and throws if they do not make a command; then the
 * client logs in, and what the action results in is printed.
 */
export type Run = <Options extends object>(
  prepare: (options: Options, ...args: (string | undefined)[]) => Action,
) => (...given: unknown[]) => Promise<void>;

interface GlobalOptions {
  readonly json?: boolean;
  readonly configFile?: string[];
  readonly osCloud?: string;
  readonly osHaApiVersion?: string;
  readonly debug?: boolean;
  readonly timing?: boolean;
}

/** @param style for people, or as openstackclient prints; options like `-f` always mean the latter */
export function runner(program: Command, context: CommandContext, style: "people" | "openstack"): Run {
  return (prepare) =>
    async (...words) => {
      const options = words.at(-2) as OutputOptions & Parameters<typeof prepare>[0];
      const action = prepare(options, ...(words.slice(0, -2) as (string | undefined)[]));
      const all = program.opts<GlobalOptions>();
      const warn = (text: string): void => context.err(`${text}\n`);
      const given = loginOptionsOf(all);
      const secret = ["OS_PASSWORD", "OS_TOKEN", "OS_APPLICATION_CREDENTIAL_SECRET"].find((name) => name in given);
      if (secret !== undefined) {
        warn(`Every user of this machine can see a secret on a command line; the variable ${secret} is not visible`);
      }
      const around = { ...context, env: environmentWith(context.env, given) };
      const signal = AbortSignal.timeout(patience);
      const tracing = { debug: all.debug === true, timing: all.timing === true };
      const choice = { configFiles: all.configFile ?? [], cloud: all.osCloud, options: given, ...tracing };
      await withClient(choice, around, async (client) => {
        const wanted = all.osHaApiVersion ?? (around.env.OS_HA_API_VERSION || undefined);
        const call = { signal, warn, microversion: await negotiated(client, wanted, signal) };
        for await (const result of each(action(client, call))) {
          context.out(await printed(result, { ...options, style, json: all.json === true }, around));
        }
      });
    };
}

async function* each(results: ReturnType<Action>): AsyncIterable<Result> {
  if (results instanceof Promise) yield await results;
  else yield* results;
}

async function printed(
  { json, text, view, line }: Result,
  options: OutputOptions & { readonly style: "people" | "openstack"; readonly json: boolean },
  context: CommandContext,
): Promise<string> {
  if (options.json) return `${printableJson(json, 2)}\n`;
  if (options.style === "people" && !choosesOutput(options)) return text;
  return view === undefined ? onTerminal(`${line}\n`, context) : await render(view, options, context);
}
