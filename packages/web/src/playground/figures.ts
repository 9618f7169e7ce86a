/** Figures of candidates, and how they are written so that they can be told apart. */

/** The least of the SORM's values of a solution's lines: all of them have to pass. */
export const leastOf = (values: readonly number[]): number => Math.min(1, ...values);

/** Values with as many digits, from two to four, as tell them apart. */
export function apart(values: readonly number[]): string[] {
  const different = new Set(values).size;
  for (const digits of [2, 3]) {
    const written = values.map((value) => value.toFixed(digits));
    if (new Set(written).size === different) return written;
  }
  return values.map((value) => value.toFixed(4));
}
