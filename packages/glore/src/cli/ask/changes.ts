/** Which lines of a solution are those of another: the longest common subsequence, as in a diff. */

/** For each of the `lines` whether it is kept from `before`; as many as can be, in their order. */
export function keptLines(before: readonly string[], lines: readonly string[]): boolean[] {
  /** `most[i][j]`: common lines of `before` from i on and `lines` from j on. */
  const most = Array.from({ length: before.length + 1 }, () => new Array(lines.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = lines.length - 1; j >= 0; j--) {
      most[i]![j] =
        before[i] === lines[j]
          ? most[i + 1]![j + 1]! + 1
          : Math.max(most[i + 1]![j]!, most[i]![j + 1]!);
    }
  }
  const kept = lines.map(() => false);
  for (let i = 0, j = 0; i < before.length && j < lines.length; ) {
    if (before[i] === lines[j]) {
      kept[j] = true;
      i++;
      j++;
    } else if (most[i + 1]![j]! >= most[i]![j + 1]!) i++;
    else j++;
  }
  return kept;
}
