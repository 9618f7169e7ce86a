/** Axes that pictures share. */
import { percent, whole } from '../parts/figures.js';

export const shareAxis = (label: string) => ({
  label,
  labelArrow: 'none' as const,
  tickFormat: (share: number) => percent(share, 0),
  grid: true,
});

export const along = (label: string) => ({
  label,
  labelAnchor: 'center' as const,
  labelArrow: 'none' as const,
});

/** Tokens, each tick twice the one before. */
export const tokensAxis = (label: string, width: number) => ({
  ...along(label),
  type: 'log' as const,
  base: 2,
  tickFormat: whole,
  ticks: width < 400 ? 3 : 6,
});

/** Steps of a solution: whole numbers, none left out. */
export const stepsAxis = (steps: readonly number[]) => ({
  ...along('step'),
  domain: [...new Set(steps)].sort((a, b) => a - b),
  type: 'point' as const,
  tickSize: 0,
});

/** One picture for each of two runs, beside each other. */
export const byRun = (runs: readonly { readonly run: string }[]) =>
  runs.length < 2 ? {} : { fx: { domain: runs.map(({ run }) => run), label: null } };

/** Where a mark of a run belongs among them. */
export const inRun = (runs: readonly unknown[]) => (runs.length < 2 ? {} : { fx: 'run' });

export const LEFT = 46;
/** Room for the label of an axis above its ticks. */
export const ABOVE = 30;
export const BELOW = 40;
