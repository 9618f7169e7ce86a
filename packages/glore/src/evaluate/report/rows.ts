/** The rows of the report: one for each way to answer. */
import { type Point, pointOf, processedTokens } from '../point.js';
import { mean } from '../statistics.js';
import type { Answered } from './answered.js';

export interface Row extends Point {
  /** Per problem, from measured speeds. */
  readonly seconds: number;
  /** Per problem, all that models read and write: prompts, drafts, and what critics read; absent where that is not known. */
  readonly processedTokens?: number;
}

/** Measured speeds, to turn tokens into seconds. */
export interface Speeds {
  readonly generatedPerSecond: number;
  readonly scoredPerSecond: number;
}

export function rowOf({ row, answers }: Answered, speeds: Speeds): Row {
  const point = pointOf(row, answers);
  const scored = mean(answers.map((answer) => answer.scored ?? 0));
  const processed = processedTokens(answers);
  return {
    ...point,
    seconds: point.generatedTokens / speeds.generatedPerSecond + scored / speeds.scoredPerSecond,
    ...(processed !== undefined && { processedTokens: processed }),
  };
}
