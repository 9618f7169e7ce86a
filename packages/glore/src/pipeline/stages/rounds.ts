/** The curve of Expert Iteration on dev: `student/rounds.json`. */
import { z } from 'zod';
import { count } from '../../files/index.js';

/** What the student of a round solves greedily of the dev problems; 0 is SFT. */
export interface Round {
  readonly round: number;
  readonly right: number;
  readonly problems: number;
}

/** The rounds as they stand in their file. */
export const roundsOfStudent: z.ZodType<Round[]> = z.array(
  z
    .object({ round: count, right: count, problems: count })
    .refine(({ right, problems }) => right <= problems, {
      path: ['right'],
      error: 'no more than problems',
    }),
);
