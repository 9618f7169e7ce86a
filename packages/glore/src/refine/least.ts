/** The least of the SORM's values of a solution's lines: all of them have to pass. */
export const leastOf = (values: readonly number[]): number => Math.min(1, ...values);
