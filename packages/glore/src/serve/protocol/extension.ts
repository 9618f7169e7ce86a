/** The field `glore` of a request: how its answers are to be refined. */
import { z } from 'zod';
import { editDistance } from '../../distance.js';

const keys = {
  mode: z.enum(['rerank', 'gate', 'vote']).optional(),
  samples: z.int().min(1).max(64).optional(),
  choice: z.enum(['orm', 'both']).optional(),
  threshold: z.number().min(0).max(1).optional(),
  tau: z.number().min(0).max(1).optional(),
  budget: z
    .union(
      [
        z.int().min(1),
        z.strictObject({
          tokens: z.int().min(1).optional(),
          seconds: z.number().positive().optional(),
        }),
      ],
      { error: 'expected a number of tokens from 1 on, or {"tokens": .., "seconds": ..}' },
    )
    .optional(),
  rounds: z.int().min(1).max(16).optional(),
  lines: z.boolean().optional(),
};

/** Nobody else's clients send this field, so that an unknown key in it is one that is misspelt. */
export const refinement = z.looseObject(keys).superRefine((given, context) => {
  const known = Object.keys(keys);
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(keys, key)) continue;
    context.addIssue({
      code: 'custom',
      path: [key.slice(0, 40)],
      message: `expected one of the keys ${known.join(', ')}, found this one; the nearest is ${nearest(key, known)}`,
    });
  }
});

const nearest = (word: string, among: readonly string[]): string => {
  const distances = among.map((other) => editDistance([...word], [...other]));
  return among[distances.indexOf(Math.min(...distances))]!;
};
