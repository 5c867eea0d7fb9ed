import { execFile } from "node:child_process";

/** Which of these Debian packages are not installed. */
export async function notInstalled(names: readonly string[]): Promise<string[]> {
  const status = await new Promise<string>((resolve) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    const format = "${Package}=${Status}\n";
    // It exits 1 as soon as one package is unknown, and is itself missing where this is not Debian.
    execFile("dpkg-query", ["-W", "-f", format, ...names], (_error, stdout) => resolve(stdout));
  });
  const installed = new Set(status.split("\n"));
  return names.filter((name) => !installed.has(`${name}=install ok installed`));
}
