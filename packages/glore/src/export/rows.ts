/** Records of a run as rows of the formats that others train and measure with. */
import {
  continuationText,
  globalPromptText,
  localPromptText,
  promptText,
  type Solution,
  solutionText,
} from '../codec/index.js';
import type { GlobalRecord, LocalRecord, RewardRecord, StudentRecord } from '../dataset/index.js';
import { GloreError } from '../error.js';

/** TRL, stepwise supervision: a label for each completion. */
export type StepwiseRow = {
  readonly prompt: string;
  readonly completions: readonly string[];
  readonly labels: readonly boolean[];
};

/** TRL, prompt and completion. */
export type CompletionRow = { readonly prompt: string; readonly completion: string };

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

/** The lines as text, the answer line last. */
const linesOf = (record: Solution): string[] => {
  const text = solutionText(record);
  return text === '' ? [] : text.split('\n');
};

/**
 * Each label with the lines it closes. These formats want a label everywhere, so a line that is left out for balance goes
 * with the next labelled one, and the lines after the last label are left off: what is learned, and after which prefix,
 * stays the same.
 */
function labelled<Line>(lines: readonly Line[], labels: RewardRecord['labels']) {
  const parts: { lines: readonly Line[]; label: boolean }[] = [];
  let from = 0;
  for (const [i, label] of labels.entries()) {
    if (label === null) continue;
    parts.push({ lines: lines.slice(from, i + 1), label });
    from = i + 1;
  }
  return parts;
}

export function stepwiseRow(record: RewardRecord): StepwiseRow {
  const parts = labelled(linesOf(record), record.labels);
  return {
    prompt: record.question,
    completions: parts.map(({ lines }) => lines.join('\n')),
    labels: parts.map(({ label }) => label),
  };
}

const tag = 'ки';

/** `task` names the source of the problems. @throws GloreError `tag-in-text` if the tag would be found elsewhere too */
export function shepherdRow(record: RewardRecord, task: string): ShepherdRow {
  const steps = linesOf(record).map(
    (line, i) => `Step ${i + 1}: ${line.replace(/^#### /, 'The answer is: ')}`,
  );
  const parts = labelled(steps, record.labels);
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

export const studentRow = (record: StudentRecord): CompletionRow => ({
  prompt: promptText(record.question),
  completion: solutionText(record),
});

export const globalRow = ({ question, draft, target }: GlobalRecord): CompletionRow => ({
  prompt: globalPromptText(question, draft),
  completion: solutionText(target),
});

export const localRow = ({ question, draft, location, target }: LocalRecord): CompletionRow => ({
  prompt: localPromptText(question, draft, location),
  completion: continuationText(target, location),
});

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
