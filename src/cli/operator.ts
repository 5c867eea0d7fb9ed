import { userInfo } from "node:os";

/** The user who types the command, behind sudo too. */
export function operator(): string {
  if (process.env.SUDO_USER) return process.env.SUDO_USER;
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in passwd, as in containers.
    return `uid ${process.getuid?.()}`;
  }
}
