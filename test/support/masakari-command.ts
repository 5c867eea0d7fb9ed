import { runMasakari } from "../../src/cli/masakari/run.ts";

export interface CommandOutcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the `masakari` command in this process. */
export async function runMasakariCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  context: { readonly homeDir?: string; readonly terminal?: { readonly columns: number } } = {},
): Promise<CommandOutcome> {
  const written = { out: "", err: "" };
  const writer = (stream: "out" | "err") => (text: string) => {
    written[stream] += text;
  };
  const streams = { out: writer("out"), err: writer("err") };
  const status = await runMasakari(args, { env, homeDir: "/nonexistent", ...context, ...streams });
  return { status, ...written };
}
