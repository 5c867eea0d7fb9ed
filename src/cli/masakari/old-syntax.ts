import { type Command, Option } from "commander";

/**
 * What python-masakariclient's own shell took on its command line (`masakari --os-auth-url … host-update --id …`), in the words of
 * the commands here. Its options `--name`, `--id` and `--segment-id` are the commands' own.
 */
const loginOptions = [
  ...["auth-url", "auth-type", "username", "user-id", "password", "token", "user-domain-id", "user-domain-name"],
  ...["project-id", "project-name", "tenant-id", "tenant-name", "project-domain-id", "project-domain-name"],
  ...["domain-id", "domain-name", "trust-id", "region-name", "interface", "cacert"],
];

/** Adds `--os-USERNAME` and its like: each stands for the variable of that name. */
export function addLoginOptions(program: Command): void {
  for (const name of loginOptions) program.addOption(new Option(`--os-${name} <VALUE>`).hideHelp());
  program.addOption(new Option("--insecure").hideHelp());
}

/** The environment with what the command line has instead of it. */
export function withLoginOptions(
  env: Readonly<Record<string, string | undefined>>,
  options: object,
): Record<string, string | undefined> {
  const given = loginOptions.flatMap((name): [string, string][] => {
    const value = (options as Readonly<Record<string, unknown>>)[
      `os-${name}`.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    ];
    return typeof value === "string" ? [[`OS_${name.replaceAll("-", "_").toUpperCase()}`, value]] : [];
  });
  const insecure = "insecure" in options && options.insecure === true ? { OS_INSECURE: "true" } : {};
  return { ...env, ...Object.fromEntries(given), ...insecure };
}

/** openstackclient's plugin spells some options with an underscore. */
export function normalizedArguments(args: readonly string[]): string[] {
  return args.map((one) =>
    one.replace(/^--(on_maintenance|control_attributes|recovery_method|service_type|is_enabled)(?==|$)/, (name) =>
      name.replace("_", "-"),
    ),
  );
}
