/** A name an option had before, in its own section unless `section` is another. Read as the option, with a warning. */
interface DeprecatedName {
  /** With dashes if it has dashes in upstream's code: it may then be written either way, unlike any other name. */
  readonly name: string;
  readonly section?: string;
}

interface Described {
  /** One or a few sentences for an operator; shown in the sample file and in the documentation. */
  readonly help: string;
  readonly deprecated?: readonly DeprecatedName[];
  /** Wrong names that public deployment tools ship; they are read as what they mean, with a warning. */
  readonly misspelt?: readonly string[];
  /** Never shown, logged or put in a message. */
  readonly secret?: true;
  /** Set when the option is only accepted, because it steers something that only the Python monitors have. Gives the reason. */
  readonly noEffect?: string;
  /** With `noEffect`: ignoring it changes what the operator sees, so it is a warning and not just information. */
  readonly loud?: true;
  /** Shown in the sample instead of the default, which differs from host to host. */
  readonly sampleDefault?: string;
  /** The option does not exist in the Python monitors. */
  readonly ours?: true;
  /** An option of keystoneauth's plugin: `[api] auth_section` may move it to another section. */
  readonly plugin?: true;
}

interface Ranged {
  readonly min?: number;
  readonly max?: number;
}

interface StringOption extends Described {
  readonly type: "string";
  /** Without a default an empty value means "not set". */
  readonly default?: string;
  /** With a default: an empty value means the default. */
  readonly emptyIsDefault?: true;
}

interface NumberOption extends Described, Ranged {
  readonly type: "int" | "float";
  readonly default?: number;
}

interface PortOption extends Described {
  readonly type: "port";
  readonly default?: number;
}

interface BoolOption extends Described {
  readonly type: "bool";
  readonly default: boolean;
}

interface ChoiceOption extends Described {
  readonly type: "choice";
  readonly choices: readonly string[];
  /** An absolute path is taken as well. */
  readonly orPath?: true;
  readonly ignoreCase?: true;
  readonly emptyIsDefault?: true;
  readonly default: string;
}

interface StringListOption extends Described {
  readonly type: "list";
  readonly default: readonly string[];
}

interface PortListOption extends Described {
  readonly type: "ports";
  readonly default: readonly number[];
}

/** oslo.config's MultiStrOpt: every line that sets it adds one value. */
interface MultiStringOption extends Described {
  readonly type: "multi";
  readonly default: readonly string[];
}

export type Option =
  | StringOption
  | NumberOption
  | PortOption
  | BoolOption
  | ChoiceOption
  | StringListOption
  | PortListOption
  | MultiStringOption;

/** Any value an option can have; `undefined` is "not set" for an option without a default. */
export type OptionValue = string | number | boolean | readonly string[] | readonly number[] | undefined;

/** One `[section]`: its options by name, in the order in which the sample shows them. */
export interface SectionTable {
  readonly help: string;
  readonly options: Readonly<Record<string, Option>>;
}

type Plain<O extends Option> = O extends { type: "string" }
  ? string
  : O extends { type: "int" | "float" | "port" }
    ? number
    : O extends { type: "bool" }
      ? boolean
      : O extends ChoiceOption
        ? O extends { orPath: true }
          ? string
          : O["choices"][number]
        : O extends { type: "ports" }
          ? readonly number[]
          : readonly string[];

/** The type of an option's value, from its row in the table. */
export type ValueOf<O extends Option> = O extends { default: unknown } ? Plain<O> : Plain<O> | undefined;
