/** What the command has around it; a test gives its own. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  /** Where clouds.yaml is looked for first. Default: the working directory. */
  readonly workDir?: string;
  /** Set if `out` writes to a terminal. */
  readonly terminal?: { readonly columns: number } | undefined;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Ends the command with one line and status 1. */
export class CommandError extends Error {
  readonly code = "MASAKARI_COMMAND";
}
