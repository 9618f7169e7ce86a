/** What the ways to answer say to every problem. */
import { GloreError } from '../../error.js';
import type { ProblemRecords } from '../records.js';
import { type Answer, rowName, type Setting, type Way } from '../ways/index.js';

/** A way with its row's name and its answers, problem by problem. */
export interface Answered extends Way {
  readonly row: string;
  readonly answers: readonly Answer[];
}

/** The ways that have an answer to every problem. @throws GloreError `way-answer` for an answer without its numbers */
export function answeredBy(
  ways: readonly Way[],
  records: readonly ProblemRecords[],
  setting: Setting,
): Answered[] {
  return ways.flatMap((way) => {
    const answers = records.map((problem) => answerOf(way, problem, setting));
    const complete = answers.every((answer) => answer !== undefined);
    return complete ? [{ ...way, row: rowName(way, setting.k), answers }] : [];
  });
}

/** Refuses ways that no table could have. @throws GloreError `way-twice` for two of the same row */
export function checkWays(ways: readonly Way[], { k }: Setting): void {
  const rows = ways.map((way) => rowName(way, k));
  const twice = rows.find((row, i) => rows.indexOf(row) < i);
  if (twice !== undefined) {
    throw new GloreError(
      'way-twice',
      `ways: expected each name once, found "${twice}" twice; give one of the two another name`,
    );
  }
}

function answerOf(way: Way, problem: ProblemRecords, setting: Setting): Answer | undefined {
  const answer = way.answer(problem, setting);
  if (answer === undefined || (typeof answer.right === 'boolean' && Number.isFinite(answer.tokens)))
    return answer;
  throw new GloreError(
    'way-answer',
    `ways: expected "${way.name}" to answer problem ${problem.attempts.problem} with {right, tokens}, found ${JSON.stringify(answer)}; return a plain object, or undefined where there is no answer`,
  );
}

/** Those of `list` that are the ways of these names; undefined unless all of them are there. */
export function named(
  list: readonly Answered[],
  names: readonly string[],
): readonly Answered[] | undefined {
  const found = names.map((name) => list.find((one) => one.name === name));
  return found.every((one) => one !== undefined) ? found : undefined;
}
