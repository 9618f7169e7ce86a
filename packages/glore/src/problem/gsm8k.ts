/** Reads GSM8K: JSON Lines of `question` and `answer`, whose last line is `#### 72`. */
import { canonical } from '../reading/index.js';
import { type FileRow, parseJsonLines, readTextFile, stem } from './rows.js';
import type { Problem } from './types.js';

/**
 * The problems of a GSM8K file (github.com/openai/grade-school-math). Ids are `name` and the line, "train-17";
 * steps keep their `<<48/2=24>>` annotations.
 *
 * @throws GloreError naming the file and line of the first bad record.
 */
export function readGsm8k(path: string, name: string = stem(path)): Problem[] {
  return parseJsonLines(readTextFile(path), path).map((row) => {
    const { steps, answer } = splitSolution(row, 'answer');
    const form = canonical(answer);
    if (form?.kind !== 'number' || form.doubt) {
      throw row.error('gold-unparsable', {
        expected: 'a number after ####',
        found: JSON.stringify(answer),
        cure: 'correct the record or remove it',
      });
    }
    return {
      id: `${name}-${row.line}`,
      question: row.filledText('question'),
      answer,
      steps,
    };
  });
}

/**
 * A solution's steps, the non-blank lines, and its final answer, the text of the last line, which starts with `####`.
 *
 * @throws GloreError `field-missing`, `field-type`, `gold-unparsable`.
 */
export function splitSolution(row: FileRow, field: string): Pick<Problem, 'steps' | 'answer'> {
  const { steps, last, answer } = workedLines(row.text(field));
  if (answer !== undefined) return { steps, answer };
  throw row.error('gold-unparsable', {
    expected: `a last line "#### answer" in the field "${field}"`,
    found: JSON.stringify(last),
    cure: 'correct the record or remove it',
  });
}

/** The non-blank lines of a solution; a last one that starts with `####` is its answer and no step. */
export function workedLines(text: string): {
  steps: string[];
  last: string;
  answer: string | undefined;
} {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const last = lines.at(-1) ?? '';
  return last.startsWith('####')
    ? { steps: lines.slice(0, -1), last, answer: last.slice(4).trim() }
    : { steps: lines, last, answer: undefined };
}
