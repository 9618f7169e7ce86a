/** What the ways to answer generate, and those that need as many tokens as the method. */
import { rowName, SAMPLES, standardWays, wayOf } from '../../evaluate/index.js';
import type { Report } from '../../pipeline/index.js';
import { meanOf } from './text.js';

/** What is read of a report. */
type Rows = Pick<Report, 'rows'> & {
  readonly outcomes: Pick<Report['outcomes'], 'right' | 'sampleTokens'>;
};

/** Generated tokens per problem of a row, also of those for numbers of samples that have no row in the table. */
export function meanTokens(reports: readonly Rows[], row: string): number | undefined {
  const { way, k } = wayOf(row) ?? {};
  return meanOf(
    reports,
    ({ rows, outcomes }) =>
      rows.find(({ name }) => name === row)?.generatedTokens ??
      (way?.everyCount && k !== undefined ? outcomes.sampleTokens[k - 1] : undefined),
  );
}

/** The samples of rows such as `best-of-8`. */
export const samplesIn = ([first]: readonly Rows[]): number =>
  first?.rows.map(({ name }) => wayOf(name)?.k).find((k) => k !== undefined) ?? SAMPLES;

/**
 * Of the ways that the method is compared with for every number of samples, the rows of the fewest samples that need at
 * least as many tokens as the method; none where nothing measured does.
 */
export function rivalsOf(reports: readonly Rows[]): string[] {
  const [first] = reports;
  const method = standardWays.find(({ role }) => role === 'method');
  const needed = method && meanTokens(reports, method.name);
  if (!first || needed === undefined) return [];
  const rivals = (method?.against ?? [])
    .flatMap((name) => standardWays.filter((way) => way.name === name))
    .filter(({ everyCount }) => everyCount);
  const { right, sampleTokens } = first.outcomes;
  const k = sampleTokens
    .map((_, i) => i + 1)
    .find(
      (count) =>
        rivals.every((way) => right[rowName(way, count)] !== undefined) &&
        meanOf(reports, ({ outcomes }) => outcomes.sampleTokens[count - 1])! >= needed,
    );
  return k === undefined ? [] : rivals.map((way) => rowName(way, k));
}
