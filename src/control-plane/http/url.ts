/**
 * The URL as router and token check see it: of an absolute form (RFC 9112, 3.2.2) only path and query, without doubled
 * slashes; if its path cannot be decoded, with every percent sign meaning itself, as Python's lenient decoding has it.
 */
export function normalizedUrl(url: string): string {
  const [written = "", ...query] = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, "").split("?");
  const path = `/${written}`.replace(/\/{2,}/g, "/");
  return [canDecode(path) ? path : path.replaceAll("%", "%25"), ...query].join("?");
}

function canDecode(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
