/** What the ways to answer generate, and those that need as many tokens as the method. */
import { rowName, SAMPLES, standardWays, wayOf } from '../../evaluate/index.js';
import { meanOf } from './text.js';
import type { VariantView } from './view.js';

/** Generated tokens per problem of a row, also of those for numbers of samples that have no row in the table. */
export function meanTokens({ reports }: VariantView, row: string): number | undefined {
  const { way, k } = wayOf(row) ?? {};
  return meanOf(
    reports,
    ({ rows, outcomes }) =>
      rows.find(({ name }) => name === row)?.generatedTokens ??
      (way?.everyCount && k !== undefined ? outcomes.sampleTokens[k - 1] : undefined),
  );
}

/** The samples of rows such as `best-of-8`. */
export const samplesIn = ({ reports }: VariantView): number =>
  reports[0]?.rows.map(({ name }) => wayOf(name)?.k).find((k) => k !== undefined) ?? SAMPLES;

/**
 * Of the ways that the method is compared with for every number of samples, the rows of the fewest samples that need at
 * least as many tokens as the method; none where nothing measured does.
 */
export function rivalsOf(main: VariantView): string[] {
  const { reports } = main;
  const [first] = reports;
  const method = standardWays.find(({ role }) => role === 'method');
  const needed = method && meanTokens(main, method.name);
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
