/** Decisions as they stand in records. */
import { z } from 'zod';
import { lineCount, solutionShape } from '../codec/index.js';
import { count, share, shares } from '../files/index.js';
import type { Candidate, Decision, Source } from './decision.js';

const candidate: z.ZodType<Candidate> = z.object({
  source: z.enum(['draft', 'global', 'local']),
  solution: solutionShape,
  score: share,
  least: share.exactOptional(),
  tokens: z
    .int()
    .min(0)
    .max(2 ** 31),
});

/** What a decision has candidates from, in their order. */
const sources: readonly Source[] = ['draft', 'global', 'local'];

/** A decision on a draft that was refined: the local refinement is there where the draft has an error. */
export const decisionShape: z.ZodType<Decision> = z
  .object({
    values: shares,
    location: z.int().min(-1),
    candidates: z.array(candidate),
    choice: count,
  })
  .refine(
    ({ candidates, location }) =>
      candidates.map(({ source }) => source).join() ===
      sources.slice(0, location > 0 ? 3 : 2).join(),
    { path: ['candidates'], error: 'draft, global and, where there is a location, local' },
  )
  .refine(
    ({ values, candidates: [draft] }) =>
      draft === undefined || values.length === lineCount(draft.solution),
    { path: ['values'], error: 'one for each line of the draft' },
  )
  .refine(({ location, values }) => location !== 0 && location <= values.length, {
    path: ['location'],
    error: 'a line of the draft, or -1',
  })
  .refine(({ choice, candidates }) => choice < candidates.length, {
    path: ['choice'],
    error: 'the index of a candidate',
  });
