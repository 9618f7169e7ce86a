/** The tables of a report: headers and cells, for the terminal and for Markdown. */
import {
  criticNames,
  interval,
  meaningOf,
  percent as percentage,
  refinedPoints,
  significance,
} from '../evaluate/index.js';
import type { Report } from '../pipeline/index.js';
import { formatSeconds } from '../run/index.js';

export interface Table {
  readonly headers: string[];
  readonly rows: string[][];
}

/** A dash where there is no number, which JSON keeps as null. */
export const percent = (value: number | undefined | null, digits?: number): string =>
  percentage(value ?? undefined, digits);
export const fixed = (value: number | undefined | null, digits: number): string =>
  value == null ? '-' : value.toFixed(digits);

export const whole = (value: number): string => value.toLocaleString('en');

/** By name; the ways to answer have what they are in a column of their own, the second. */
export function tablesOf(report: Report) {
  const { rows, critics, comparisons, refiners, curve, headroom, stages } = report;
  return {
    answers: {
      headers: ['row', 'what', 'accuracy', '95% interval', 'tokens/problem'].concat([
        'processed/problem',
        'ms/problem',
      ]),
      rows: rows.map((row) => [
        row.name,
        meaningOf(row.name),
        percent(row.accuracy),
        interval(row.low, row.high),
        fixed(row.generatedTokens, 0),
        fixed(row.processedTokens, 0),
        fixed(1000 * row.seconds, 1),
      ]),
    },
    paired: {
      headers: ['paired on the same problems', 'difference', '95% interval', 'p (McNemar)'],
      rows: comparisons.map(({ a, b, difference, low, high, p }) => [
        `${a} - ${b}`,
        percent(difference),
        interval(low, high),
        significance(p),
      ]),
    },
    sampled: {
      headers: ['samples', 'tokens/problem', 'majority', '95% interval'].concat([
        'the ORM chooses',
        '95% interval',
      ]),
      rows: curve.bestOf.map((best, i) => [
        String(i + 1),
        fixed(best.generatedTokens, 0),
        ...[curve.majority[i]!, best].flatMap(({ accuracy, low, high }) => [
          percent(accuracy),
          interval(low, high),
        ]),
      ]),
    },
    spent: {
      headers: ['refined', 'rounds', 'tau', 'tokens/problem', 'accuracy', '95% interval'].concat(
        ['majority *', 'the ORM chooses *', 'against', 'tokens/problem'],
        ['difference', '95% interval', 'p (McNemar)'],
      ),
      rows: refinedPoints(curve).map(({ equal, against, ...point }) => [
        point.name,
        String(point.rounds),
        point.tau > 1 ? '-' : fixed(point.tau, 3),
        fixed(point.generatedTokens, 0),
        percent(point.accuracy),
        interval(point.low, point.high),
        percent(equal.majority),
        percent(equal.bestOf),
        ...(against
          ? [
              against.name,
              fixed(against.generatedTokens, 0),
              percent(against.difference),
              interval(against.low, against.high),
              significance(against.p),
            ]
          : ['-', '-', '-', '-', '-']),
      ]),
    },
    headroom: {
      headers: ['choice', 'headroom realised', '95% interval'],
      rows: headroom.map((one) => [one.name, percent(one.realised), interval(one.low, one.high)]),
    },
    critics: {
      headers: ['critic', 'step accuracy', 'first error: wrong located', 'right accepted'].concat([
        'F1',
        'final accuracy',
        'AUC',
        'AUC within problems',
        'ECE',
      ]),
      rows: criticNames.map((name) => {
        const { stepAccuracy, firstError, finalAccuracy, auc, withinProblemAuc, ece } =
          critics[name];
        return [
          name.toUpperCase(),
          percent(stepAccuracy),
          percent(firstError.wrong),
          percent(firstError.right),
          percent(firstError.f1),
          percent(finalAccuracy),
          fixed(auc, 3),
          fixed(withinProblemAuc, 3),
          fixed(ece, 3),
        ];
      }),
    },
    refiners: {
      headers: ['refiner', 'before', 'after', 'wrong to right', 'right to wrong'].concat([
        'wrong drafts fixed',
        'drafts unchanged',
      ]),
      rows: (['global', 'local'] as const).map((name) => {
        const { before, after, wrongToRight, rightToWrong, wrongFixed, unchanged } = refiners[name];
        const figures = [before, after, wrongToRight, rightToWrong, wrongFixed, unchanged];
        return [name, ...figures.map((figure) => percent(figure))];
      }),
    },
    rounds: {
      headers: ['student after', 'dev problems right', 'of', 'greedy'],
      rows: (report.studentRounds ?? []).map(({ round, right, problems }) => [
        round === 0 ? 'SFT' : `round ${round}`,
        whole(right),
        whole(problems),
        percent(right / problems),
      ]),
    },
    stages: {
      headers: ['stage', 'time', 'generated tokens', 'tokens needed', 'computed / needed'],
      rows: [
        ...stages.map(({ name, seconds, generatedTokens, neededTokens, computedTokens }) => [
          name,
          formatSeconds(seconds),
          generatedTokens === 0 ? '' : whole(generatedTokens),
          // Reports of earlier versions have not counted.
          neededTokens ? whole(neededTokens) : '',
          neededTokens ? (computedTokens / neededTokens).toFixed(2) : '',
        ]),
        [
          'all',
          formatSeconds(report.seconds),
          whole(stages.reduce((sum, { generatedTokens }) => sum + generatedTokens, 0)),
          '',
          '',
        ],
      ],
    },
  } satisfies Record<string, Table>;
}
