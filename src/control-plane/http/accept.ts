/**
 * Which of `offers` an Accept header likes best; the first of equals, undefined if it likes none.
 * No header at all, and one that is not well formed, like everything.
 */
export function bestMatch(accept: string | undefined, offers: readonly string[]): string | undefined {
  const ranges = parseRanges(accept ?? "*/*") ?? [{ type: "*/*", quality: 1 }];
  let best: { offer: string; quality: number } | undefined;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > (best?.quality ?? 0)) best = { offer, quality };
  }
  return best?.offer;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function parseRanges(accept: string): Range[] | undefined {
  const entries = accept.split(",").filter((entry) => !/^[\s;]*$/.test(entry));
  const ranges = entries.map(parseRange);
  return ranges.includes(undefined) ? undefined : ranges.filter((range) => range !== undefined);
}

/** Split first and matched piece by piece, so that no header can make a pattern run for long. */
function parseRange(entry: string): Range | undefined {
  const [type = "", ...parameters] = entry.split(";").map((part) => part.trim().toLowerCase());
  if (!/^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(type)) return undefined;
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(quality) ? { type, quality: Number(quality) } : undefined;
}

function qualityOf(offer: string, ranges: readonly Range[]): number {
  const spellings = [offer, `${offer.split("/")[0]}/*`, "*/*"];
  for (const spelling of spellings) {
    const range = ranges.find(({ type }) => type === spelling);
    if (range) return range.quality;
  }
  return 0;
}
