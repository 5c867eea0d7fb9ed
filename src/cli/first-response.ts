interface Outcome {
  readonly kind: string;
}

/**
 * The response of a monitor that may have its socket in several places; without one, what is known of the first place in which it seems
 * to run. While the disk of one place hangs, a monitor has its socket in another.
 */
export async function firstResponse<Some extends Outcome>(
  places: readonly string[],
  request: (place: string) => Promise<Some>,
): Promise<Some | { readonly kind: "not running" }> {
  let best: Some | { readonly kind: "not running" } = { kind: "not running" };
  for (const place of places) {
    const outcome = await request(place);
    if (outcome.kind === "responded") return outcome;
    if (best.kind === "not running") best = outcome;
  }
  return best;
}
