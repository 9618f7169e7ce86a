/** How often the answers of one way are right, and what they take. */
import { mean, share, wilson } from './statistics.js';
import type { Answer } from './ways/index.js';

export interface Point {
  readonly name: string;
  readonly accuracy: number;
  /** 95% (Wilson). */
  readonly low: number;
  readonly high: number;
  /** Per problem, everything that has to be generated for it. */
  readonly generatedTokens: number;
}

/** Processed tokens per problem in the mean; undefined where those of a problem are not known. */
export function processedTokens(answers: readonly Answer[]): number | undefined {
  const processed = answers.map((answer) => answer.processed ?? Number.NaN);
  return processed.some(Number.isNaN) ? undefined : mean(processed);
}

/** @param answers of all problems */
export function pointOf(name: string, answers: readonly Answer[]): Point {
  const right = answers.map((answer) => answer.right);
  return {
    name,
    accuracy: share(right),
    ...wilson(right.filter(Boolean).length, right.length),
    generatedTokens: mean(answers.map(({ tokens }) => tokens)),
  };
}
