const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Reads `90s`, `30m`, `1h30m`, `2d`. @returns seconds; undefined for anything else, a number without a unit among it */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}(s|min|m|h|d))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+)(min|[smhd])/g)) sum += Number(amount) * (SECONDS[unit] ?? 0);
  return sum > 0 ? sum : undefined;
}
