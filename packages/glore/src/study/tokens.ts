/** What the ways to answer process, and those that need as many tokens as the method. */
import { rowName, SAMPLES, standardWays, wayOf } from '../evaluate/index.js';
import type { Report } from '../pipeline/index.js';
import { meanOf } from './figures.js';

/** What is read of a report. */
type Rows = Pick<Report, 'rows'> & {
  readonly outcomes: Pick<Report['outcomes'], 'right' | 'processed'>;
};

/** Processed tokens per problem of a row, also of those for numbers of samples that have no row in the table. */
export const meanProcessed = (reports: readonly Rows[], row: string): number | undefined =>
  meanOf(reports, ({ outcomes: { processed } }) => processed?.[row]);

/** The samples of rows such as `best-of-8`. */
export const samplesIn = ([first]: readonly Rows[]): number =>
  first?.rows.map(({ name }) => wayOf(name)?.k).find((k) => k !== undefined) ?? SAMPLES;

/**
 * Of each way that the method is compared with for every number of samples, the row of the fewest samples that process at
 * least as many tokens as the method, or of all samples that there are.
 */
export function rivalsOf(reports: readonly Rows[]): string[] {
  const [first] = reports;
  const method = standardWays.find(({ role }) => role === 'method');
  const needed = method && meanProcessed(reports, method.name);
  if (!first || !method || needed === undefined) return [];
  const most = samplesIn(reports);
  return (method.against ?? []).flatMap((name) => {
    const way = standardWays.find((one) => one.name === name);
    if (!way?.everyCount) return [];
    const rows = Array.from({ length: most - 1 }, (_, i) => rowName(way, i + 2)).filter(
      (row) => first.outcomes.right[row] !== undefined,
    );
    const enough = rows.find((row) => (meanProcessed(reports, row) ?? 0) >= needed);
    return enough ?? rows.at(-1) ?? [];
  });
}
