/** Transform (c): equal numbers of positive and negative labels at each prefix length, or the model learns the position. */
import { Random } from '../problem/index.js';

/**
 * Which labels to learn from: at each place (0-based index into the rows) as many positives as negatives are kept, the
 * surplus left out at random. Returns one flag per label; `place` gives a label's class of position, its index by default.
 */
export function balance(
  rows: readonly (readonly boolean[])[],
  seed: string,
  place: (row: number, index: number) => string = (_, index) => String(index),
): boolean[][] {
  const kept = rows.map((labels) => labels.map(() => false));
  const places = new Map<string, [negatives: [number, number][], positives: [number, number][]]>();
  rows.forEach((labels, row) => {
    labels.forEach((label, index) => {
      const key = place(row, index);
      const groups = places.get(key) ?? [[], []];
      places.set(key, groups);
      groups[label ? 1 : 0].push([row, index]);
    });
  });
  for (const [key, groups] of places) {
    const count = Math.min(groups[0].length, groups[1].length);
    for (const [label, group] of groups.entries()) {
      for (const [row, index] of new Random(seed, key, label).shuffle(group).slice(0, count)) {
        kept[row]![index] = true;
      }
    }
  }
  return kept;
}
