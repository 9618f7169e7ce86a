/** Two ways to answer on the same problems. */
import { mcnemar, pairedBootstrap } from './statistics.js';
import type { Answer } from './ways/index.js';

export interface Paired {
  /** Accuracy of the first less that of the second, with a 95% interval (paired bootstrap). */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** McNemar, exact, two-sided. */
  readonly p: number;
}

export function paired(a: readonly Answer[], b: readonly Answer[]): Paired {
  const rightOf = (answers: readonly Answer[]) => answers.map(({ right }) => right);
  const [first, second] = [rightOf(a), rightOf(b)];
  const { difference, low, high } = pairedBootstrap(first.map(Number), second.map(Number), {
    seed: 1,
    rounds: 2000,
  });
  return { difference, low, high, p: mcnemar(first, second).p };
}
