/** Figures as the page's text. */
import { interval, percent, significance } from '../../evaluate/index.js';
import type { Estimate } from '../figures.js';

/** A dash where there is nothing, which JSON keeps as null. */
export const share = (value: number | undefined | null): string =>
  value == null || Number.isNaN(value) ? '-' : percent(value);

export const decimals = (value: number | undefined | null, digits = 3): string =>
  value == null || Number.isNaN(value) ? '-' : value.toFixed(digits);

export const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** A difference of shares in percentage points, 0.163 -> "+16.3". */
export function points(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  const text = (100 * value).toFixed(1);
  return value > 0 && Number(text) !== 0 ? `+${text}` : Number(text) === 0 ? '0.0' : text;
}

/** "[66.7%, 71.4%]", or of a difference "[+14.2, +18.4]". */
export const bounds = (
  found: Estimate | undefined,
  of: (value: number) => string = share,
): string =>
  found === undefined || Number.isNaN(found.low)
    ? '-'
    : of === share
      ? interval(found.low, found.high)
      : `[${of(found.low)}, ${of(found.high)}]`;

/**
 * The p-value of a difference, and whether it lies within the noise of problems and trainings; a dash of fewer seeds than
 * differences are tested on.
 */
export const certainty = (found: Estimate | undefined): string =>
  found?.p === undefined
    ? '-'
    : `${significance(found.p)}${found.low <= 0 && found.high >= 0 ? ', noise' : ''}`;

/** The values of the seeds, from the lowest to the highest. */
export const spread = (
  values: readonly number[] | undefined,
  of: (value: number) => string = share,
): string => {
  const known = (values ?? []).filter((value) => !Number.isNaN(value));
  if (known.length === 0) return '-';
  const [low, high] = [of(Math.min(...known)), of(Math.max(...known))];
  return low === high ? low : `${low} to ${high}`;
};

/** "1 seed", "3 seeds" */
export const counted = (count: number, what: string): string =>
  `${whole(count)} ${what}${count === 1 ? '' : 's'}`;
