/** What the refiners do to the drafts, all of which they refine. */
import type { Solution } from '../../codec/index.js';
import type { Source } from '../../refine/index.js';
import { type ProblemRecords, rightOf } from '../records.js';
import { type Overlap, overlap, type RefinerEffect, refinerEffect } from '../refiner.js';
import { share } from '../statistics.js';

/** What a refiner does, and the share of drafts that it gives back as they are. */
export type Refiner = RefinerEffect & { readonly unchanged: number };
export type Refiners = { readonly global: Refiner; readonly local: Refiner } & Overlap;

/** Where no draft is wrong. */
const noneWrong: Overlap = { globalOnly: 0, localOnly: 0, both: 0, neither: 0 };

export function refinersOf(records: readonly ProblemRecords[]): Refiners {
  const right = (source: Source) => records.map((problem) => rightOf(problem, source));
  const [draft, global, local] = [right('draft'), right('global'), right('local')];
  return {
    global: { ...refinerEffect(draft, global), unchanged: unchanged(records, 'global') },
    local: { ...refinerEffect(draft, local), unchanged: unchanged(records, 'local') },
    ...(overlap(draft, global, local) ?? noneWrong),
  };
}

/** Without an error seen there is no local candidate, and the draft stays as it is. */
const unchanged = (records: readonly ProblemRecords[], by: Source): number =>
  share(
    records.map(({ refinements: { decision } }) => {
      const [draft, ...rest] = decision.candidates;
      const found = rest.find(({ source }) => source === by);
      return !found || sameLines(found.solution, draft!.solution);
    }),
  );

const sameLines = (a: Solution, b: Solution): boolean =>
  a.answer === b.answer && JSON.stringify(a.steps) === JSON.stringify(b.steps);
