/** How far apart two sequences are. */

/** Insertions, deletions and replacements that make one the other (Levenshtein 1966). */
export function editDistance<T>(from: readonly T[], to: readonly T[]): number {
  let row = [0, ...to.map((_, j) => j + 1)];
  from.forEach((one, i) => {
    const next = [i + 1];
    to.forEach((other, j) => {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (one === other ? 0 : 1)));
    });
    row = next;
  });
  return row.at(-1)!;
}
