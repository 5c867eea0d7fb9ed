import type { Command, Option } from "commander";

/**
 * The command line with every long option in full, as argparse understands it for openstackclient: an abbreviation that only one option
 * begins with stands for that one (`--os-auth-u`), and an underscore is a dash (`--on_maintenance`). What no option begins with is left to commander.
 * @throws CommanderError, when it has written its line, if an abbreviation may be several options
 */
export function withWholeOptions(args: readonly string[], program: Command): string[] {
  const whole: string[] = [];
  let command = program;
  let isValue = false;
  for (const [index, word] of args.entries()) {
    if (isValue) {
      whole.push(word);
      isValue = false;
    } else if (word === "--") {
      return [...whole, ...args.slice(index)];
    } else if (word.startsWith("-")) {
      const known = optionsOf(program, command);
      const option = inFull(word, known, program);
      whole.push(option);
      isValue = takesNext(option, known);
    } else {
      whole.push(word);
      command = command.commands.find((one) => one.name() === word) ?? command;
    }
  }
  return whole;
}

/** Options of the program are known before and after its commands. */
function optionsOf(program: Command, command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...new Set([command, program])].flatMap((one) => [...one.options, ...help.visibleOptions(one)]);
}

function inFull(word: string, known: readonly Option[], program: Command): string {
  if (!word.startsWith("--")) return word;
  const [given = "", value] = word.split(/(=.*)/s);
  const name = given.replaceAll("_", "-");
  const names = new Set(known.flatMap(({ long }) => long ?? []));
  if (names.has(name)) return name + (value ?? "");
  const meant = [...names].filter((one) => one.startsWith(name));
  if (meant.length > 1)
    program.error(`error: ambiguous option '${given}': it may be ${meant.toSorted(byName).join(", ")}`);
  // What no option begins with ends in an error, which shows the word: not its value, which may be a password.
  return meant[0] === undefined ? given : meant[0] + (value ?? "");
}

const byName = (one: string, other: string): number => (one < other ? -1 : 1);

/** Whether the next word is this option's value, whatever it looks like. */
function takesNext(word: string, known: readonly Option[]): boolean {
  return known.some(({ long, short, required }) => required && (word === long || word === short));
}
