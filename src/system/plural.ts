/** `1 notification`, `2 notifications`; with `plural` for a noun that has another one than an s. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
