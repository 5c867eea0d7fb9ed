import type { Option } from "../../config/option.ts";
import { sections } from "../../config/sections.ts";
import { convert } from "../../config/values.ts";
import { parseHostNames } from "../../host/host-names.ts";

type Settings = Readonly<Record<string, unknown>>;

/** Another value of an option that decisions depend on. */
export interface OtherValue {
  /** As it was given. */
  readonly text: string;
  /** @returns the settings with it; undefined if this program's decisions do not depend on it */
  apply(settings: Settings, program: string): Settings | undefined;
}

/** The section of each program's options. */
const SECTIONS: Readonly<Record<string, string>> = {
  processmonitor: "process",
  instancemonitor: "instancemonitor",
  introspectiveinstancemonitor: "introspectiveinstancemonitor",
  hostmonitor: "host",
};

/** Options of which settings have something else than the value, or by another name. */
const DERIVED: Readonly<Record<string, (value: unknown) => Settings>> = {
  "host.second_witness": (value) => ({ second_witness: value === "nova" }),
  "host.host_names": (value) => ({ host_names: parseHostNames(value as readonly string[]).names }),
  "host.disable_ipmi_check": (value) => ({ needsProof: value !== true }),
};

/**
 * Reads `host.losses_per_hour=5`.
 * @throws Error with what is wrong
 */
export function parseOtherValue(text: string): OtherValue {
  const [, section = "", name = "", raw = ""] = /^([\w]+)\.([\w]+)=(.*)$/s.exec(text) ?? [];
  if (section === "") throw new Error(`--set ${text}: give SECTION.OPTION=VALUE, e.g. host.losses_per_hour=5`);
  const options: Readonly<Record<string, Option>> | undefined = Object.hasOwn(sections, section)
    ? sections[section as keyof typeof sections].options
    : undefined;
  const option = options !== undefined && Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) throw new Error(`--set ${text}: there is no option ${name} in [${section}]`);
  const converted = convert(option, raw);
  if ("reason" in converted) throw new Error(`--set ${text}: ${name} ${converted.reason}`);
  const { value } = converted;
  const change = DERIVED[`${section}.${name}`]?.(value) ?? { [name]: value };
  return {
    text,
    apply(settings, program) {
      const isItsSection = SECTIONS[program] === section || (section === "DEFAULT" && name === "hostname");
      const isKnown = isItsSection && Object.keys(change).every((member) => Object.hasOwn(settings, member));
      return isKnown ? { ...settings, ...change } : undefined;
    },
  };
}
