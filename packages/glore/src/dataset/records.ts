/** The records of the five training sets: text, so that any tokenizer can read them. */
import { z } from 'zod';
import { lineCount, type Solution, solutionFields, solutionShape } from '../codec/index.js';
import { text } from '../files/index.js';

/** Student: question -> solution. */
export interface StudentRecord extends Solution {
  readonly problem: string;
  readonly question: string;
}

/** ORM and SORM: a label for each line, the answer line last; null is not learned from. */
export interface RewardRecord extends Solution {
  readonly problem: string;
  readonly question: string;
  readonly labels: readonly (boolean | null)[];
}

/** Global refiner: question and draft -> solution. */
export interface GlobalRecord {
  readonly problem: string;
  readonly question: string;
  readonly draft: Solution;
  readonly target: Solution;
}

/** Local refiner: question and draft with [BAD] before line `location` -> the lines from there on. */
export interface LocalRecord extends GlobalRecord {
  readonly location: number;
}

/** The records of each set that is written. */
export interface SetRecords {
  readonly plain: StudentRecord;
  readonly sorm: RewardRecord;
  readonly global: GlobalRecord;
  readonly local: LocalRecord;
}

const named = { problem: text, question: text };

/** What is learned from as right has an answer; a draft need not have one. */
const right = { ...solutionFields, answer: solutionFields.answer.unwrap() };

const pair = z.object({ ...named, draft: solutionShape, target: z.object(right) });

/** The records of the sets as they stand in their files. */
export const setShapes: { readonly [N in keyof SetRecords]: z.ZodType<SetRecords[N]> } = {
  plain: z.object({ ...named, ...right }),
  sorm: z
    .object({ ...named, ...solutionFields, labels: z.array(z.boolean().nullable()) })
    .refine((record) => record.labels.length === lineCount(record), {
      path: ['labels'],
      error: 'one for each line',
    }),
  global: pair,
  local: pair
    .extend({ location: z.int().min(1) })
    // Both may be marked at their end, where a solution stops without an answer.
    .refine(
      ({ location, draft, target }) =>
        location <= 1 + Math.min(draft.steps.length, target.steps.length),
      { path: ['location'], error: 'a line of draft and target' },
    ),
};
