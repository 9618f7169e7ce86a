/** Learning-rate schedules. */

export interface Schedule {
  /** The highest rate. */
  readonly rate: number;
  /** Steps of linear warm-up from 0. */
  readonly warmup: number;
  /** All steps; the rate falls along a cosine to `floor * rate` at the last. */
  readonly steps: number;
  readonly floor: number;
}

/** The rate at `step` (1-based): linear warm-up, then cosine decay (Loshchilov & Hutter 2017). */
export function rateAt(schedule: Schedule, step: number): number {
  const { rate, warmup, steps, floor } = schedule;
  if (step <= warmup) return (rate * step) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return rate * (floor + ((1 - floor) * (1 + Math.cos(Math.PI * progress))) / 2);
}
