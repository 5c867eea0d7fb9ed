/** `MASAKARI_BENCH_GUESTS`: at most this many guests, for a trial run whose figures are no result. */
export function crowdSize(wanted: number): number {
  const most = Number(process.env.MASAKARI_BENCH_GUESTS ?? wanted);
  if (!Number.isInteger(most) || most < 1) throw new Error("MASAKARI_BENCH_GUESTS is not a number of guests");
  return Math.min(wanted, most);
}
