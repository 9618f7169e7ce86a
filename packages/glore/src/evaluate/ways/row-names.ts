/** From the ways to answer to the rows of a report and back. */
import { standardWays } from './standard.js';
import type { Way } from './way.js';

/** The name of a way's row with so many samples: `best-of-k` and 8 -> "best-of-8". */
export const rowName = ({ name }: Pick<Way, 'name'>, k: number): string =>
  name.replace(/(?<=[@-])k$/, String(k));

/** The way that a row is of, and its number of samples if its name has one; undefined if none of the ways is named so. */
export function wayOf(
  row: string,
  ways: readonly Way[] = standardWays,
): { readonly way: Way; readonly k?: number } | undefined {
  const named = (name: string) => ways.find((way) => way.name === name);
  const exact = named(row);
  if (exact) return { way: exact };
  const [k] = /(?<=[@-])\d+$/.exec(row) ?? [];
  const way = k && named(`${row.slice(0, -k.length)}k`);
  return way ? { way, k: Number(k) } : undefined;
}

/** What a row is: "best-of-8" -> "the ORM chooses of 8 samples"; nothing if none of the ways is named so. */
export function meaningOf(row: string, ways?: readonly Way[]): string {
  const { way, k } = wayOf(row, ways) ?? {};
  return (k === undefined ? way?.meaning : way?.meaning.replace(/\bk\b/, String(k))) ?? '';
}
