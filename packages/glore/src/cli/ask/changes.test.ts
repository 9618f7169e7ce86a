import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptLines } from './changes.js';

describe('keptLines', () => {
  it('marks what is inserted, changed and left out', () => {
    const draft = ['a', 'b', 'c', '#### 1'];
    expect(keptLines(draft, draft)).toEqual([true, true, true, true]);
    expect(keptLines(draft, ['a', 'x', 'b', 'c', '#### 1'])).toEqual([
      ...[true, false, true, true, true],
    ]);
    expect(keptLines(draft, ['a', 'x', '#### 2'])).toEqual([true, false, false]);
    expect(keptLines([], ['a'])).toEqual([false]);
    expect(keptLines(['a'], [])).toEqual([]);
  });

  it('keeps lines in their order, and as many as can be', () => {
    const few = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
    fc.assert(
      fc.property(few, few, (before, lines) => {
        const kept = lines.filter((_, i) => keptLines(before, lines)[i]);
        expect(kept).toHaveLength(mostCommon(before, lines));
        expect(mostCommon(before, kept)).toBe(kept.length);
      }),
    );
  });
});

/** The length of the longest common subsequence, the obvious way. */
function mostCommon(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const [[first, ...rest], [other, ...others]] = [a, b];
  if (first === other) return 1 + mostCommon(rest, others);
  return Math.max(mostCommon(rest, b), mostCommon(a, others));
}
