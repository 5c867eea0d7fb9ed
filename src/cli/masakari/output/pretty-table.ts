import { eastAsianWidth } from "get-east-asian-width";
import { wrap } from "./wrap.ts";

/** A column's heading; `align` of its cells and of the heading itself. */
export interface TableColumn {
  readonly heading: string;
  readonly align: "left" | "right" | "centre";
}

export interface TableLimits {
  /** Characters of a whole line, at most; undefined: as wide as the content. */
  readonly lineWidth: number | undefined;
  /** Columns are made no narrower than this, even if the line is longer then. */
  readonly narrowest: number;
}

/** A table as prettytable draws it, with its widths as cliff assigns them; openstackclient's tables are these. */
export function prettyTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  limits: TableLimits,
): string {
  const natural = columns.map(({ heading }, index) =>
    Math.max(displayWidth(heading), ...rows.map((row) => blockWidth(row[index] ?? ""))),
  );
  const widest = widestOf(natural, limits);
  const widths = natural.map((width, index) =>
    Math.max(displayWidth(columns[index]?.heading ?? ""), Math.min(width, widest[index] ?? width)),
  );
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const headings = columns.map(({ heading }) => heading);
  const drawn = (cells: readonly string[]): string[] => row(cells, columns, widths);
  const lines = [rule, ...drawn(headings), rule, ...rows.flatMap(drawn), rule];
  return `${lines.join("\n")}\n`;
}

function row(cells: readonly string[], columns: readonly TableColumn[], widths: readonly number[]): string[] {
  const blocks = cells.map((cell, index) => fitted(cell, widths[index] ?? 0));
  const height = Math.max(...blocks.map((lines) => lines.length));
  return Array.from({ length: height }, (_, y) => {
    const line = blocks.map((lines, index) =>
      aligned(lines[y] ?? "", widths[index] ?? 0, columns[index]?.align ?? "left"),
    );
    return `| ${line.join(" | ")} |`;
  });
}

function fitted(cell: string, width: number): string[] {
  return cell.split("\n").flatMap((line) => {
    const lines = displayWidth(line) > width ? wrap(line, Math.max(width, 1)) : [line];
    return lines.length > 0 ? lines : [""];
  });
}

function aligned(text: string, width: number, align: TableColumn["align"]): string {
  const excess = Math.max(0, width - displayWidth(text));
  if (align === "left") return text + " ".repeat(excess);
  if (align === "right") return " ".repeat(excess) + text;
  // An odd blank is on the right of a text of odd length, on the left of any other.
  const half = Math.floor(excess / 2);
  const left = excess % 2 === 0 || displayWidth(text) % 2 === 1 ? half : half + 1;
  return " ".repeat(left) + text + " ".repeat(excess - left);
}

/** What is too wide is shrunk evenly; what is narrower than an equal share stays. */
function widestOf(natural: readonly number[], { lineWidth, narrowest }: TableLimits): readonly (number | undefined)[] {
  const total = natural.reduce((sum, width) => sum + width + 3, 1);
  if (lineWidth === undefined || total <= lineWidth) return [];
  const usable = Math.max(0, lineWidth - 1 - 3 * natural.length);
  const share = Math.floor(usable / natural.length);
  const shrunk = natural.flatMap((width, index) => (width > share ? [index] : []));
  let remaining = natural.filter((width) => width <= share).reduce((left, width) => left - width, usable);
  const each = Math.floor(remaining / shrunk.length);
  const widest: (number | undefined)[] = natural.map(() => undefined);
  for (const index of shrunk.slice(0, -1)) {
    widest[index] = Math.max(narrowest, each);
    remaining -= each;
  }
  widest[shrunk.at(-1) ?? 0] = Math.max(narrowest, remaining);
  return widest;
}

const blockWidth = (text: string): number => Math.max(...text.split("\n").map(displayWidth));

/** Columns of a terminal. */
function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const one of text) width += /\p{M}/u.test(one) ? 0 : eastAsianWidth(one.codePointAt(0) ?? 0);
  return width;
}
