/** Sample files of lm-evaluation-harness (`--log_samples`): a row for each document and filter, with the model's texts in `resps`. */
import type { FileRow } from '../../problem/index.js';

/** Where such files have what is graded. */
export const SAMPLE_FIELDS = { gold: 'target', answer: 'resps' };

const marks = ['doc_id', 'doc', 'target', 'resps', 'filtered_resps'];

/** Whether a file's rows are such samples. */
export const areSamples = (rows: readonly FileRow[]): boolean =>
  rows.length > 0 && marks.every((mark) => Object.hasOwn(rows[0]!.fields, mark));

/** Each document once: with several filters a file has the same texts several times. */
export function eachDocument(rows: readonly FileRow[]): FileRow[] {
  const seen = new Set<unknown>();
  return rows.filter(({ fields: { doc_id: id } }) => !seen.has(id) && seen.add(id));
}

/** What the harness itself says, the mean of `exact_match` for each filter; empty where it says nothing. */
export function exactMatches(rows: readonly FileRow[]): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { fields } of rows) {
    const { filter = 'none', exact_match: match } = fields;
    if (typeof filter !== 'string' || typeof match !== 'number') continue;
    const { sum, count } = sums.get(filter) ?? { sum: 0, count: 0 };
    sums.set(filter, { sum: sum + match, count: count + 1 });
  }
  return Object.fromEntries([...sums].map(([filter, { sum, count }]) => [filter, sum / count]));
}
