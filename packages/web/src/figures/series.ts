/** From what a run has measured to what pictures draw of it. */
import type { LabelDepth, RunReport } from '../../../glore/src/view/wire.js';

/** Who makes wrong drafts right: shares of the wrong drafts that add up to 1, and where each begins. */
export function fixesOf({ refiners }: Pick<RunReport, 'refiners'>) {
  const { globalOnly, localOnly, both, neither } = refiners;
  let from = 0;
  return (
    [
      ['global alone', globalOnly],
      ['both', both],
      ['local alone', localOnly],
      ['neither', neither],
    ] as const
  ).map(([by, share]) => {
    const begin = from;
    from += share;
    return { by, share, from: begin, to: from };
  });
}

/** Shares of labels that are positive, and of rollouts that reach the answer, by step. */
export const sharesByStep = (labels: readonly LabelDepth[]) =>
  labels
    .filter((depth) => depth.labels > 0)
    .map(({ step, labels, positive, attempts, successes }) => ({
      step,
      labels,
      attempts,
      positive: positive / labels,
      verify: attempts === 0 ? undefined : successes / attempts,
    }));

/** The names of all, each once, in the order in which they are seen first. */
export const namesOf = (lists: readonly (readonly { readonly name: string }[])[]): string[] => [
  ...new Set(lists.flat().map(({ name }) => name)),
];

/** Ends of an axis of shares, at tenths around all that is drawn, within 0..1. */
export function tenthsAround(shares: readonly number[]): [number, number] {
  const low = Math.floor(10 * Math.min(1, ...shares) + 1e-9) / 10;
  const high = Math.ceil(10 * Math.max(0, ...shares) - 1e-9) / 10;
  return low < high ? [low, high] : [0, 1];
}
