import { readFileSync } from "node:fs";

/**
 * Whether sudo can work in this process: never with the flag "no new privileges" (`NoNewPrivileges=yes` in a unit), because the kernel
 * then ignores the set-user-ID bit. The flag is inherited and cannot be taken back.
 */
export function canUseSudo(): boolean {
  try {
    return !/^NoNewPrivs:\s*1$/m.test(readFileSync("/proc/self/status", "utf8"));
  } catch {
    // Without /proc, or out of descriptors: sudo itself shows what it can do.
    return true;
  }
}

/** Whether it asks systemd to do the work, so that not sudo but polkit decides on it for an ordinary user. */
export function asksSystemd(words: readonly string[]): boolean {
  const [first = ""] = words;
  return /^(?:\/(?:usr\/)?s?bin\/)?(?:systemctl|service)$/.test(first);
}

/**
 * What is run for a command: by sudo if it needs root, and by itself where sudo cannot work and systemd does the work.
 * @param asRoot whether it needs root and this process is not root's
 */
export function commandWords(words: readonly string[], asRoot: boolean, canSudo: () => boolean): readonly string[] {
  const own = withoutSudo(words);
  if ((asRoot || own !== words) && asksSystemd(own) && !canSudo()) return own;
  return asRoot && words.length > 0 ? ["sudo", "-n", ...words] : words;
}

/** The command behind a sudo without options but `-n`: with others it is not for root, or not only a command. */
export function withoutSudo(words: readonly string[]): readonly string[] {
  if (!/^(?:\/usr\/bin\/)?sudo$/.test(words[0] ?? "")) return words;
  const from = words.findIndex((word, at) => at > 0 && word !== "-n" && word !== "--");
  return from < 0 || words[from]?.startsWith("-") ? words : words.slice(from);
}
