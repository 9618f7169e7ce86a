import { z } from 'zod';
import { text } from '../files/index.js';

/** A question with a checkable gold answer and its worked solution. */
export interface Problem {
  readonly id: string;
  readonly question: string;
  /** The gold final answer as the source spells it, e.g. "72" or "1,080". */
  readonly answer: string;
  /** The gold solution's steps without the final-answer line; empty where the source has none. */
  readonly steps: readonly string[];
  /** The problem's shape where it is known; problems of one structure differ only in story and numbers. */
  readonly structure?: string;
  /** What judges each step of any solution from the question alone; absent where only final answers can be judged. */
  readonly truth?: 'world';
}

/** A problem as it stands in records. */
export const problemShape: z.ZodType<Problem> = z.object({
  id: text,
  question: text,
  answer: text,
  steps: z.array(z.string().regex(/\S/, { error: 'a line of text' })),
  structure: z.string().exactOptional(),
  truth: z.literal('world').exactOptional(),
});
