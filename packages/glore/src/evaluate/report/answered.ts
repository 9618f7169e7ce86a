/** What the ways to answer say to every problem. */
import { GloreError } from '../../error.js';
import type { ProblemRecords } from '../records.js';
import { type Answer, rowName, type Setting, type Way } from '../ways/index.js';

/** A way with its row's name and its answers, problem by problem. */
export interface Answered extends Way {
  readonly row: string;
  readonly answers: readonly Answer[];
}

/** The ways that have an answer to every problem. @throws GloreError `way-twice` for two of the same name */
export function answeredBy(
  ways: readonly Way[],
  records: readonly ProblemRecords[],
  setting: Setting,
): Answered[] {
  const twice = ways.find(({ name }, i) => ways.findIndex((way) => way.name === name) < i);
  if (twice) {
    throw new GloreError(
      'way-twice',
      `ways: expected each name once, found "${twice.name}" twice; give one of the two another name`,
    );
  }
  return ways.flatMap((way) => {
    const answers = records.map((problem) => way.answer(problem, setting));
    const complete = answers.every((answer) => answer !== undefined);
    return complete ? [{ ...way, row: rowName(way, setting.k), answers }] : [];
  });
}

/** Those of `list` that are the ways of these names; undefined unless all of them are there. */
export function named(
  list: readonly Answered[],
  names: readonly string[],
): readonly Answered[] | undefined {
  const found = names.map((name) => list.find((one) => one.name === name));
  return found.every((one) => one !== undefined) ? found : undefined;
}
