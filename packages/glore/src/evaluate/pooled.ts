/** Figures that are worked out of sums over problems, pooled over seeds, with intervals and tests by resampling. */
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
 * A figure over the problems of all groups, with what it would be on groups drawn with replacement and then problems drawn
 * with replacement in each of them, `rounds` (>= 1) times; draws for which it has no value are left out. Groups are seeds, each
 * with problems and models of its own: how far those lie apart, the noise of training in it, is in the interval. One group is
 * not drawn, and then the interval is of its problems alone.
 *
 * @param groups [groups][columns][problems], the same columns in each
 * @throws GloreError `nothing-to-measure` without problems
 */
export function resampled(
  groups: readonly Columns[],
  figure: FigureOf,
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): Pooled {
  const width = groups[0]?.length ?? 0;
  checkNotEmpty('resampled', groups);
  const tables = groups.map((columns) => {
    const [{ length: n } = []] = columns;
    checkNotEmpty('resampled', columns[0] ?? []);
    // [problems, columns], so that what is drawn together lies together.
    const values = Float64Array.from(
      { length: n * width },
      (_, i) => columns[i % width]![Math.floor(i / width)]!,
    );
    return { n, values };
  });
  /** The figure of as many groups as there are, and of as many problems as each has, which `pick` chooses one after the other. */
  const over = (pick: (draw: number, count: number) => number): number => {
    const totals = new Array<number>(width).fill(0);
    for (let group = 0; group < tables.length; group++) {
      const { n, values } = tables[tables.length === 1 ? 0 : pick(group, tables.length)]!;
      for (let draw = 0; draw < n; draw++) {
        const at = pick(draw, n) * width;
        for (let column = 0; column < width; column++) totals[column]! += values[at + column]!;
      }
    }
    return figure(totals);
  };
  const value = over((draw) => draw);
  const random = splitmix32(seed);
  const drawn = Float64Array.from({ length: rounds }, () =>
    over((_, count) => Math.floor(random() * count)),
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
