import type { Help } from "./help.ts";

/** Completes subcommands and options of all the programs in bash, and file names after an option that takes one. */
export function bashCompletion(programs: readonly Help[]): string {
  const cases = programs.flatMap(withCommands).map((help) => `    "${help.name}") words="${words(help).join(" ")}" ;;`);
  const files = new Set(programs.flatMap(withCommands).flatMap(({ options }) => options.flatMap(fileOptions)));
  return `# bash completion of the Masakari monitors' commands                     -*- shell-script -*-
_masakari_monitors() {
  local current=\${COMP_WORDS[COMP_CWORD]} path=\${COMP_WORDS[0]##*/} word words=
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${[...files].sort().join(" | ")})
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
  esac
  _masakari_words "$path"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word != -* && " $words " == *" $word "* ]] && path="$path $word" && _masakari_words "$path"
  done
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
_masakari_words() {
  case $1 in
${cases.join("\n")}
  esac
}
complete -o default -F _masakari_monitors ${programs.map(({ name }) => name).join(" ")}
`;
}

function withCommands(help: Help): readonly Help[] {
  return [help, ...help.commands.flatMap(withCommands)];
}

const optionNames = (term: string): readonly string[] => term.match(/(?<![\w-])--?[a-z][\w-]*/g) ?? [];

function words({ name, commands, options }: Help): readonly string[] {
  const below = commands.map((command) => command.name.slice(name.length + 1));
  return [...below, ...options.flatMap(({ term }) => optionNames(term))];
}

function fileOptions({ term }: { readonly term: string }): readonly string[] {
  return /<(?:PATH|FILE|DIRECTORY|DIR)>/i.test(term) ? optionNames(term) : [];
}
