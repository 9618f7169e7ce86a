/** Where the first errors of drafts are. */
import { type ProblemRecords, trueFirstError } from '../records.js';
import { share } from '../statistics.js';

export interface FirstErrors {
  readonly step: number;
  /** Of the drafts with a wrong step. */
  readonly share: number;
}

/** The shares of the steps up to the last that is a first error. */
export function firstErrorsOf(records: readonly ProblemRecords[]): FirstErrors[] {
  const places = records
    .map(({ attempts }) => trueFirstError(attempts.draft) ?? -1)
    .filter((place) => place > 0);
  const longest = places.reduce((most, place) => Math.max(most, place), 0);
  return Array.from({ length: longest }, (_, i) => ({
    step: i + 1,
    share: share(places.map((place) => place === i + 1)),
  }));
}
