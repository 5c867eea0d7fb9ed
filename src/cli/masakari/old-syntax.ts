import { type Command, Option } from "commander";

/**
 * What python-masakariclient's own shell took on its command line (`masakari --os-auth-url … host-update --id …`), in the words of
 * the commands here. Its options `--name`, `--id` and `--segment-id` are the commands' own.
 */
const loginOptions = [
  ...[
    "auth-url",
    "auth-type",
    "auth-plugin",
    "username",
    "user-id",
    "password",
    "token",
    "user-domain-id",
    "user-domain-name",
  ],
  ...["project-id", "project-name", "tenant-id", "tenant-name", "project-domain-id", "project-domain-name"],
  ...[
    "domain-id",
    "domain-name",
    "default-domain",
    "default-domain-id",
    "default-domain-name",
    "system-scope",
    "trust-id",
  ],
  ...["application-credential-id", "application-credential-name", "application-credential-secret", "endpoint"],
  ...["region-name", "interface", "endpoint-type", "cacert", "cert", "key"],
];

/** Adds `--os-USERNAME` and its like: each stands for the variable of that name. */
export function addLoginOptions(program: Command): void {
  for (const name of loginOptions) program.addOption(new Option(`--os-${name} <VALUE>`).hideHelp());
  program.addOption(new Option("--insecure").hideHelp());
  // What openstackclient does anyway, and this command too.
  program.addOption(new Option("--verify").hideHelp().conflicts("insecure"));
  program.addOption(new Option("--os-identity-api-version <VERSION>").choices(["3"]).hideHelp());
}

/** What the command line has of a login, in the form of OS_* variables. */
export function loginOptionsOf(options: object): Record<string, string> {
  const given = loginOptions.flatMap((name): [string, string][] => {
    const value = (options as Readonly<Record<string, unknown>>)[
      `os-${name}`.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    ];
    return typeof value === "string" ? [[`OS_${name.replaceAll("-", "_").toUpperCase()}`, value]] : [];
  });
  const insecure = "insecure" in options && options.insecure === true ? { OS_INSECURE: "true" } : {};
  return { ...Object.fromEntries(given), ...insecure };
}
