/**
 * Which of `offers` an Accept header likes best; the first of equals, undefined if it likes none.
 * No header at all counts as liking everything.
 */
export function bestMatch(accept: string | undefined, offers: readonly string[]): string | undefined {
  const ranges = (accept ?? "*/*").split(",").map(parseRange);
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

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = q === undefined ? 1 : Number(q.slice(2));
  return { type, quality: Number.isFinite(quality) ? quality : 0 };
}

function qualityOf(offer: string, ranges: readonly Range[]): number {
  const spellings = [offer, `${offer.split("/")[0]}/*`, "*/*"];
  for (const spelling of spellings) {
    const range = ranges.find(({ type }) => type === spelling);
    if (range) return range.quality;
  }
  return 0;
}
