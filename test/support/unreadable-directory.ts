import { renameSync, symlinkSync, unlinkSync } from "node:fs";

/**
 * Makes every look-up below the directory fail with ELOOP: an error, as a failed disk returns EIO, and not "no such file".
 * @returns makes it readable again, with all that was in it
 */
export function unreadable(directory: string): () => void {
  const aside = `${directory}.aside`;
  renameSync(directory, aside);
  symlinkSync(directory, directory);
  return () => {
    unlinkSync(directory);
    renameSync(aside, directory);
  };
}
