/** How figures are written. */
export const percent = (share: number | null | undefined, digits = 1): string =>
  share === null || share === undefined ? '–' : `${(100 * share).toFixed(digits)}%`;

export const whole = (number: number): string => Math.round(number).toLocaleString('en');

/** `3725` -> "1 h 02 min". */
export function duration(seconds: number): string {
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  const pad = (number: number) => String(number).padStart(2, '0');
  const minutes = Math.floor(all / 60);
  if (minutes < 60) return `${minutes} min ${pad(all % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Of two shares, in points of a hundred, with its sign. */
export function points(difference: number, digits = 1): string {
  const size = Math.abs(100 * difference).toFixed(digits);
  const sign = Number(size) === 0 ? '' : difference < 0 ? '−' : '+';
  return `${sign}${size}`;
}

/** Of 95%, around what is given beside it. */
export const interval = (low: number, high: number): string =>
  `[${percent(low)}, ${percent(high)}]`;

export const fixed = (number: number | null | undefined, digits = 3): string =>
  number === null || number === undefined ? '–' : number.toFixed(digits);

export const chance = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
