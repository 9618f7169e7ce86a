/** Figures that are worked out of sums over problems, pooled over several runs, with intervals and tests by resampling. */
import { checkNotEmpty, quantile, splitmix32 } from './statistics.js';

/** What is summed: [columns][problems]. */
export type Columns = readonly (readonly number[])[];

/** A figure of column sums, such as right answers divided by problems. */
export type FigureOf = (sums: readonly number[]) => number;

export interface Pooled {
  readonly value: number;
  /** 95% percentile interval. */
  readonly low: number;
  readonly high: number;
  /** Two-sided p-value of "the figure is zero"; at least 2 / (rounds + 1). */
  readonly p: number;
}

/**
 * A figure over all problems, with what it would be on problems drawn with replacement `rounds` (>= 1) times; draws for
 * which it has no value are left out.
 *
 * @throws GloreError `nothing-to-measure` without problems
 */
export function resampled(
  columns: Columns,
  figure: FigureOf,
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): Pooled {
  const n = columns[0]?.length ?? 0;
  checkNotEmpty('resampled', columns[0] ?? []);
  const width = columns.length;
  // [problems, columns], so that what is drawn together lies together.
  const table = Float64Array.from(
    { length: n * width },
    (_, i) => columns[i % width]![Math.floor(i / width)]!,
  );
  const sums = (pick: (draw: number) => number): number[] => {
    const totals = new Array<number>(width).fill(0);
    for (let draw = 0; draw < n; draw++) {
      const at = pick(draw) * width;
      for (let column = 0; column < width; column++) totals[column]! += table[at + column]!;
    }
    return totals;
  };
  const value = figure(sums((draw) => draw));
  const random = splitmix32(seed);
  const drawn = Float64Array.from({ length: rounds }, () =>
    figure(sums(() => Math.floor(random() * n))),
  )
    .filter((figure) => !Number.isNaN(figure))
    .sort();
  const notAbove = drawn.filter((figure) => figure <= 0).length;
  const notBelow = drawn.filter((figure) => figure >= 0).length;
  return {
    value,
    low: drawn.length === 0 ? Number.NaN : quantile(drawn, 0.025),
    high: drawn.length === 0 ? Number.NaN : quantile(drawn, 0.975),
    p: Math.min(1, (2 * (1 + Math.min(notAbove, notBelow))) / (drawn.length + 1)),
  };
}
