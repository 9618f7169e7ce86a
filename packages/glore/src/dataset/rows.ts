/** Records as rows that trainers read: in text, as TRL names the columns. */
import {
  continuationText,
  globalPromptText,
  localPromptText,
  promptText,
  type Solution,
  solutionText,
} from '../codec/index.js';
import type { GlobalRecord, LocalRecord, RewardRecord, StudentRecord } from './records.js';

/** TRL, stepwise supervision: a label for each completion. */
export type StepwiseRow = {
  readonly prompt: string;
  readonly completions: readonly string[];
  readonly labels: readonly boolean[];
};

/** TRL, prompt and completion. */
export type CompletionRow = { readonly prompt: string; readonly completion: string };

/** The lines as text, the answer line last. */
export const linesOf = (record: Solution): string[] => {
  const text = solutionText(record);
  return text === '' ? [] : text.split('\n');
};

/**
 * Each label with the lines it closes. These formats want a label everywhere, so a line that is left out for balance goes
 * with the next labelled one, and the lines after the last label are left off: what is learned, and after which prefix,
 * stays the same.
 */
export function labelledLines<Line>(lines: readonly Line[], labels: RewardRecord['labels']) {
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
  const parts = labelledLines(linesOf(record), record.labels);
  return {
    prompt: record.question,
    completions: parts.map(({ lines }) => lines.join('\n')),
    labels: parts.map(({ label }) => label),
  };
}

/** The rows of records that have a label: where the student wrote nothing, there is no line to label. */
export const stepwiseRows = (records: readonly RewardRecord[]): StepwiseRow[] =>
  records.map(stepwiseRow).filter(({ labels }) => labels.length > 0);

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
