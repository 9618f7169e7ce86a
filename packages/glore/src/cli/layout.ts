/** Tables and sentences laid out for a width: what is too wide is wrapped, and tables that still are are cut. */
import { type Align, renderTable, sum } from '../evaluate/index.js';
import { visible } from '../visible.js';
import type { Screen } from './terminal.js';

/** Headers and cells, and how columns are aligned: by default the first left and the others right. */
export interface Laid {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly align?: readonly Align[];
}

/** Columns are two spaces apart. */
const GAP = 2;

/**
 * The table within the screen's width: headers wrap first, then texts in left-aligned columns; what still does not fit
 * goes on below, under the first column again. What others have written is made fit to be seen. An interval or a p-value stays with the figure before it.
 */
export function renderWithin({ width, paint }: Screen, given: Laid): string {
  const table = {
    ...given,
    headers: given.headers.map(visible),
    rows: given.rows.map((row) => row.map(visible)),
  };
  const { headers } = table;
  const align = headers.map((_, i) => table.align?.[i] ?? (i === 0 ? 'left' : 'right'));
  const parts: string[] = [];
  let rest = groupsOf(headers);
  do {
    let count = rest.length;
    const columns = () => [0, ...rest.slice(0, count).flat()];
    let widths = widthsOf(table, align, columns(), width);
    while (!widths && count > 1) {
      count--;
      widths = widthsOf(table, align, columns(), width);
    }
    parts.push(renderPart(paint, table, align, columns(), widths));
    rest = rest.slice(count);
  } while (rest.length > 0);
  return parts.join('\n\n');
}

/** Places of columns but the first, those that belong together in one list. */
function groupsOf(headers: readonly string[]): number[][] {
  const groups: number[][] = [];
  headers.forEach((header, i) => {
    if (i === 0) return;
    if (/interval$|^p \(/.test(header) && groups.length > 0) groups.at(-1)!.push(i);
    else groups.push([i]);
  });
  return groups;
}

/** A width for each of the columns, so that all of them fit; undefined if they cannot. */
function widthsOf(
  { headers, rows }: Laid,
  align: readonly Align[],
  columns: readonly number[],
  width: number,
): number[] | undefined {
  const cells = columns.map((column) => rows.map((row) => row[column]!));
  const widths = columns.map((column, i) => longest([headers[column]!, ...cells[i]!]));
  const room = width - GAP * (columns.length - 1);
  const shrink = (least: readonly number[]) => {
    while (sum(widths) > room) {
      const spare = widths.map((now, i) => (now > least[i]! ? now : 0));
      const widest = Math.max(...spare);
      if (widest === 0) return;
      widths[spare.indexOf(widest)]!--;
    }
  };
  const words = columns.map((column) => longest(piecesOf(headers[column]!)));
  shrink(columns.map((_, i) => Math.max(words[i]!, longest(cells[i]!))));
  shrink(
    columns.map((column, i) =>
      Math.max(
        words[i]!,
        longest(align[column] === 'left' ? cells[i]!.flatMap(piecesOf) : cells[i]!),
      ),
    ),
  );
  return sum(widths) > room ? undefined : widths;
}

/** Some columns of a table; without widths as wide as they are. */
function renderPart(
  paint: Screen['paint'],
  { headers, rows }: Laid,
  align: readonly Align[],
  columns: readonly number[],
  widths?: readonly number[],
): string {
  const wrapped = (cells: readonly string[]) =>
    columns.map((column, i) => fill(piecesOf(cells[column]!), widths?.[i] ?? Infinity));
  const titles = wrapped(headers);
  const height = Math.max(...titles.map(({ length }) => length));
  // Headers stand on the rule, cells hang from it.
  const above = Array.from({ length: height }, (_, line) =>
    titles.map((title) => title[line - height + title.length] ?? ''),
  );
  const below = rows.flatMap((row) => {
    const cells = wrapped(row);
    const lines = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: lines }, (_, line) => cells.map((cell) => cell[line] ?? ''));
  });
  // One table, so that all its lines are equally wide: the lines of headers above the last one come first.
  const [last, rule, ...others] = renderTable(above.at(-1)!, [...above.slice(0, -1), ...below], {
    align: columns.map((column) => align[column]!),
  }).split('\n');
  const heads = [...others.splice(0, height - 1), last!].map((line) => paint.bold(line));
  return [...heads, paint.dim(rule!), ...others].join('\n');
}

/** A sentence in lines of at most `width` columns, all but the first after `indent`; longer words stay whole. */
export function wrap(text: string, width: number, indent = ''): string {
  const [first, ...rest] = fill(visible(text).match(/\s*\S+\s*/g) ?? [], width, indent.length);
  return [first, ...rest.map((line) => indent + line)].join('\n');
}

/** Lines of at most `width` columns, of which those after the first lack `less`. */
function fill(words: readonly string[], width: number, less = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const most = lines.length === 0 ? width : width - less;
    if (line !== '' && (line + word).trimEnd().length > most) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line.trimEnd()];
}

/** Pieces of a cell with the spaces after them; a slash between letters ends one too, as in "tokens/problem". */
const piecesOf = (cell: string): string[] =>
  cell.match(/\S+?(?:\s+|(?<=[a-z])\/(?=[a-z])|$)/g) ?? [];

const longest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, text.trimEnd().length), 0);
