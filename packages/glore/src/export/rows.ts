/** Records of a run as rows of the formats that others train and measure with. */
import type { Solution } from '../codec/index.js';
import { labelledLines, linesOf, type RewardRecord } from '../dataset/index.js';
import { GloreError } from '../error.js';

/** Math-Shepherd (Wang et al. 2024): a tag at the end of each step, which `label` has `+` or `-` for. */
export type ShepherdRow = { readonly input: string; readonly label: string; readonly task: string };

/** ProcessBench (Zheng et al. 2024): `label` is the first wrong step, counted from 0, or -1. */
export type ProcessBenchRow = {
  readonly id: string;
  readonly generator: string;
  readonly problem: string;
  readonly steps: readonly string[];
  readonly final_answer_correct: boolean;
  readonly label: number;
};

const tag = 'ки';

/** `task` names the source of the problems. @throws GloreError `tag-in-text` if the tag would be found elsewhere too */
export function shepherdRow(record: RewardRecord, task: string): ShepherdRow {
  const steps = linesOf(record).map(
    (line, i) => `Step ${i + 1}: ${line.replace(/^#### /, 'The answer is: ')}`,
  );
  const parts = labelledLines(steps, record.labels);
  if ([record.question, ...steps].some((text) => text.includes(tag))) {
    throw new GloreError(
      'tag-in-text',
      `problem ${record.problem}: expected a text without Math-Shepherd's step tag "${tag}", found it in question or solution; export to trl-stepwise instead`,
    );
  }
  const text = (end: (label: boolean) => string) =>
    `${record.question} ${parts.map(({ lines, label }) => `${lines.join('\n')} ${end(label)}`).join('\n')}`;
  return { input: text(() => tag), label: text((label) => (label ? '+' : '-')), task };
}

/** A solution with the first wrong one of its lines: counted from 1, the answer line last; -1 if there is none. */
export interface JudgedSolution extends Solution {
  readonly id: string;
  readonly question: string;
  readonly right: boolean;
  readonly firstError: number;
}

export const processBenchRow = (
  { firstError, ...record }: JudgedSolution,
  generator: string,
): ProcessBenchRow => ({
  id: record.id,
  generator,
  problem: record.question,
  steps: linesOf(record),
  final_answer_correct: record.right,
  label: firstError === -1 ? -1 : firstError - 1,
});
