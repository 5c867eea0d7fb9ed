import { describeDiagnostic } from "../../../config/diagnostic.ts";
import { checkPrograms } from "../../check-programs.ts";
import type { Check } from "../check.ts";
import { ok } from "../finding.ts";

/** All that `check-config` finds. */
export const configuration: Check = {
  name: "configuration",
  async run({ loaded, monitors }) {
    const found = (await checkPrograms(loaded, monitors)).filter(({ severity }) => severity !== "info");
    if (found.length === 0)
      return [ok(`nothing is wrong with ${loaded.files.join(", ") || "the defaults: there is no file"}`)];
    return found.map((one) => ({
      level: one.severity === "error" ? "problem" : "warning",
      what: describeDiagnostic(one),
      why:
        one.severity === "error"
          ? "a monitor that reads it does not start"
          : "the monitors may not do what was meant, or others may change what they do",
      fix: `correct it; masakari-monitors check-config --quiet --program ${monitors[0] ?? "processmonitor"} checks it again`,
    }));
  },
};
