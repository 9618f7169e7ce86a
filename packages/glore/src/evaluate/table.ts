/** Tables and figures as text, for the terminal and for Markdown. */
import { stripVTControlCharacters } from 'node:util';
import { GloreError } from '../error.js';

export type Align = 'left' | 'right';

export interface TableOptions {
  /** One per column; by default the first column is left (names) and the others are right (figures). */
  align?: Align[];
}

/**
 * A plain-text table: headers, a rule of dashes, rows; columns are two spaces apart. Cells may hold terminal colours.
 *
 * @throws GloreError `ragged-table` unless every row has one cell per header.
 */
export function renderTable(
  headers: string[],
  rows: string[][],
  options: TableOptions = {},
): string {
  const align = alignment(headers, rows, options);
  const widths = headers.map((header, column) =>
    Math.max(width(header), ...rows.map((row) => width(row[column]))),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => pad(cell, widths[column], align[column]))
      .join('  ')
      .trimEnd();
  const rule = widths.map((columnWidth) => '-'.repeat(columnWidth)).join('  ');
  return [line(headers), rule, ...rows.map(line)].join('\n');
}

/**
 * The same table in GitHub-flavoured Markdown; `|` and line breaks inside cells are escaped.
 *
 * @throws GloreError `ragged-table` unless every row has one cell per header.
 */
export function renderMarkdownTable(
  headers: string[],
  rows: string[][],
  options: TableOptions = {},
): string {
  const align = alignment(headers, rows, options);
  const line = (cells: string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  const rule = `| ${align.map((side) => (side === 'right' ? '---:' : '---')).join(' | ')} |`;
  return [line(headers), rule, ...rows.map(line)].join('\n');
}

/** A fraction as a percentage, 0.531 -> "53.1%"; an undefined figure (nothing to measure) is "-". */
export function percent(fraction: number | undefined, digits = 1): string {
  if (fraction === undefined) return '-';
  const text = (100 * fraction).toFixed(digits);
  // A tiny negative difference would read "-0.0%".
  return `${Number(text) === 0 ? text.replace('-', '') : text}%`;
}

/** Two fractions as an interval, (0.504, 0.558) -> "[50.4%, 55.8%]". */
export function interval(low: number, high: number, digits = 1): string {
  return `[${percent(low, digits)}, ${percent(high, digits)}]`;
}

/** A p-value as text, 0.0004 -> "< 0.001". */
export function significance(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function alignment(headers: string[], rows: string[][], options: TableOptions): Align[] {
  const ragged = rows.findIndex((row) => row.length !== headers.length);
  if (ragged !== -1) {
    throw new GloreError(
      'ragged-table',
      `table: each row must have ${headers.length} cells, got ${rows[ragged].length} in row ${ragged}; fill missing figures with "-"`,
    );
  }
  return headers.map((_, column) => options.align?.[column] ?? (column === 0 ? 'left' : 'right'));
}

/** Columns that a cell takes in a terminal: colours take none. */
function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

function pad(cell: string, columnWidth: number, side: Align): string {
  const space = ' '.repeat(columnWidth - width(cell));
  return side === 'right' ? space + cell : cell + space;
}

function escapeCell(cell: string): string {
  return cell.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll(/\r?\n/g, '<br>');
}
