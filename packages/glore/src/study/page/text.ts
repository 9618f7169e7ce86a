/** Figures as the page's text. */
import { interval, percent } from '../../evaluate/index.js';
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

export const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of a figure over reports; undefined where one of them does not have it. */
export const meanOf = <T>(list: readonly T[], pick: (item: T) => number | undefined | null) => {
  const values = list.map(pick);
  return values.every((value) => value != null) ? mean(values) : undefined;
};

/** "1 seed", "3 seeds" */
export const counted = (count: number, what: string): string =>
  `${whole(count)} ${what}${count === 1 ? '' : 's'}`;
