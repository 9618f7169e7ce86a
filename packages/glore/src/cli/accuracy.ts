/** An accuracy in words. */
import { percent, wilson } from '../evaluate/index.js';

/** With its 95% interval (Wilson). */
export function accuracyOf(right: number, of: number): string {
  const { low, high } = wilson(right, of);
  return `accuracy ${percent(right / of)} (${right} of ${of}), 95% interval ${percent(low)} to ${percent(high)}`;
}
