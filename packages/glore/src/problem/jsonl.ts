/** Reads problems from JSON Lines with fields of any name. */
import { canonical, readGold, readSolution } from '../reading/index.js';
import { workedLines } from './gsm8k.js';
import { checkUnique, type FileRow, parseJsonLines, readTextFile, stem } from './rows.js';
import type { Problem } from './types.js';

/** The names of the fields that hold a problem's parts. */
export interface ProblemFields {
  readonly question: string;
  /** A final answer (string or number), or a worked solution that marks it with `####`, "The answer is" or \boxed. */
  readonly answer: string;
  /** Without it ids are the file's name, or the one given, and the line: "mine-17". */
  readonly id?: string;
  /** A list of steps, or a text with one on each line; blank ones are none. Without it the steps are the lines before `####` in the answer. */
  readonly steps?: string;
}

/**
 * The problems of a JSON Lines file.
 *
 * @throws GloreError naming the file and line of the first bad record.
 */
export function readJsonlProblems(
  path: string,
  fields: ProblemFields,
  name: string = stem(path),
): Problem[] {
  const rows = parseJsonLines(readTextFile(path), path);
  const problems = rows.map((row) => ({
    id: fields.id === undefined ? `${name}-${row.line}` : row.textOrNumber(fields.id),
    question: row.filledText(fields.question),
    ...solution(row, fields),
  }));
  checkUnique(
    problems.map(({ id }) => id),
    rows,
  );
  return problems;
}

function solution(row: FileRow, fields: ProblemFields): Pick<Problem, 'steps' | 'answer'> {
  const source = row.textOrNumber(fields.answer);
  const gold = readGold(source);
  if (!gold || gold.doubt) {
    throw row.error('gold-unparsable', {
      expected: `a final answer in the field "${fields.answer}"`,
      found: `${JSON.stringify(source.slice(0, 200))}${gold ? ` (${gold.doubt})` : ''}`,
      cure: 'give the answer alone, or mark it with ####',
    });
  }
  const written = workedLines(source);
  const asWritten = canonical(written.answer ?? '')?.key === gold.form.key;
  return {
    answer: asWritten ? written.answer! : gold.value,
    steps:
      fields.steps !== undefined
        ? stepsOf(row, fields.steps)
        : source.includes('####')
          ? (asWritten ? written : readSolution(source)).steps
          : [],
  };
}

function stepsOf(row: FileRow, field: string): string[] {
  const value = row.field(field);
  if (typeof value === 'string') return workedLines(value).steps;
  return row.texts(field).filter((step) => step.trim() !== '');
}
