/** Tables and figures as text, for the terminal and for Markdown. */
import { stripVTControlCharacters } from 'node:util';
import { GloreError } from '../error.js';

export type Align = 'left' | 'right';

export interface TableOptions {
  /** One per column; by default the first column is left (names) and the others are right (figures). */
  readonly align?: readonly Align[];
}

/**
 * A plain-text table: headers, a rule of dashes, rows; columns are two spaces apart. Cells may hold terminal colours.
 *
 * @throws GloreError `ragged-table` unless every row has one cell per header.
 */
export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  checkCells(headers, rows);
  const columns = headers.map((header, column) => ({
    width: rows.reduce((most, row) => Math.max(most, width(row[column]!)), width(header)),
    align: alignOf(column, options),
  }));
  const line = (cells: readonly string[]) =>
    columns
      .map((column, i) => pad(cells[i]!, column.width, column.align))
      .join('  ')
      .trimEnd();
  const rule = columns.map((column) => '-'.repeat(column.width)).join('  ');
  return [line(headers), rule, ...rows.map(line)].join('\n');
}

/**
 * The same table in GitHub-flavoured Markdown; `|` and line breaks inside cells are escaped.
 *
 * @throws GloreError `ragged-table` unless every row has one cell per header.
 */
export function renderMarkdownTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  checkCells(headers, rows);
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  const rules = headers.map((_, column) => (alignOf(column, options) === 'right' ? '---:' : '---'));
  return [line(headers), `| ${rules.join(' | ')} |`, ...rows.map(line)].join('\n');
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

function checkCells(headers: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const [i, { length }] of rows.entries()) {
    if (length === headers.length) continue;
    throw new GloreError(
      'ragged-table',
      `table: each row must have ${headers.length} cells, got ${length} in row ${i}; fill missing figures with "-"`,
    );
  }
}

const alignOf = (column: number, { align }: TableOptions): Align =>
  align?.[column] ?? (column === 0 ? 'left' : 'right');

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
