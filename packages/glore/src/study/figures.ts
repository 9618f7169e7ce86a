/** The figures of a study: each is a sum over problems divided by another, or made of several such shares. */
import {
  type Columns,
  type CriticName,
  criticNames,
  type EvaluationReport,
  type FigureOf,
  harmonicMean,
  mcnemar,
  type Outcomes,
  type Pooled,
  resampled,
  rowName,
  SAMPLES,
  standardWays,
  wayOf,
} from '../evaluate/index.js';

/** A figure of the problems' outcomes; undefined columns: it cannot be measured there. */
export interface Figure {
  readonly columns: (outcomes: Outcomes) => Columns | undefined;
  readonly value: FigureOf;
  /** Whether it is a share of right answers, which McNemar's test is for. */
  readonly row?: string;
}

/** Right answers by problem, of each of these rows; undefined unless all of them are there. */
function rightOf({ right }: Outcomes, rows: readonly string[]): number[][] | undefined {
  const found = rows.map((row) => right[row]);
  return found.every((text) => text !== undefined) ? found.map(flags) : undefined;
}

const flags = (text: string): number[] => Array.from(text, Number);
const ratio: FigureOf = ([n, part]) => part! / n!;

/** Accuracy of a row of the report. */
export const accuracy = (row: string): Figure => ({
  row,
  columns: (outcomes) => rightOf(outcomes, [row])?.flatMap((own) => [own.map(() => 1), own]),
  value: ratio,
});

/** Of the problems that drafts have right (or wrong), those that `by` does not; of all problems where `all` says so. */
const changed = (from: boolean, by: string, all: boolean): Figure => ({
  columns: (outcomes) => {
    const [draft, after] = rightOf(outcomes, ['draft', by]) ?? [];
    if (!draft || !after) return undefined;
    const of = draft.map((flag) => Number(flag === Number(from)));
    return [
      all ? of.map(() => 1) : of,
      of.map((flag, i) => flag && Number(after[i] !== Number(from))),
    ];
  },
  value: ratio,
});
/** Share of the wrong drafts that a row makes right. */
export const fixed = (row: string): Figure => changed(false, row, false);
export const wrongToRight = (row: string): Figure => changed(false, row, true);
export const rightToWrong = (row: string): Figure => changed(true, row, true);

/** Share of the wrong drafts that exactly these refiners fix. */
export const fixedBy = (global: boolean, local: boolean): Figure => ({
  columns: (outcomes) => {
    const [draft, byGlobal, byLocal] = rightOf(outcomes, ['draft', 'global', 'local']) ?? [];
    if (!draft || !byGlobal || !byLocal) return undefined;
    const wrong = draft.map((flag) => 1 - flag);
    return [
      wrong,
      wrong.map((flag, i) =>
        Number(flag && byGlobal[i] === Number(global) && byLocal[i] === Number(local)),
      ),
    ];
  },
  value: ratio,
});

/** @param half at a threshold of 0.5 instead of the fitted one */
export const stepAccuracy = (critic: CriticName, half = false): Figure => ({
  columns: ({ steps }) => steps && [steps.n, (half ? steps.atHalf : steps)[critic]],
  value: ratio,
});

/** The same where samples of a problem that are alike are counted once. */
export const distinctSteps = (critic: CriticName): Figure => ({
  columns: ({ steps }) => steps?.distinct && [steps.distinct.n, steps.distinct[critic]],
  value: ratio,
});

/** AUC among the samples of a problem. */
export const withinAuc = (critic: CriticName): Figure => ({
  columns: ({ pairs }) => [pairs.n, pairs[critic]],
  value: ratio,
});

/** The ORM's AUC among draft, global and local refinement of a problem. */
export const candidatesAuc: Figure = {
  columns: ({ candidatePairs }) => [candidatePairs.n, candidatePairs.orm],
  value: ratio,
};

/** @param half at a threshold of 0.5 instead of the fitted one */
export const firstErrorF1 = (critic: CriticName, half = false): Figure => ({
  columns: ({ located }) => {
    if (!located) return undefined;
    const sound = flags(located.sound);
    const right = flags((half ? located.atHalf : located)[critic]);
    return [
      sound,
      sound.map((flag, i) => flag * right[i]!),
      sound.map((flag) => 1 - flag),
      sound.map((flag, i) => (1 - flag) * right[i]!),
    ];
  },
  value: ([sound, accepted, unsound, located]) =>
    harmonicMean(accepted! / sound!, located! / unsound!),
});

/** Share of what a perfect choice could add that a row adds which chooses of the same candidates. */
export const headroom = (row: string): Figure => ({
  columns: (outcomes) => {
    const { way, k = SAMPLES } = wayOf(row) ?? {};
    if (!way?.headroom) return undefined;
    const { over, anyOf } = way.headroom;
    const names = [over, ...anyOf].map((name) => rowName({ name }, k));
    const [chosen, first, ...any] = rightOf(outcomes, [row, ...names]) ?? [];
    if (!chosen || !first) return undefined;
    return [first, chosen, first.map((_, i) => Math.max(...any.map((flags) => flags[i]!)))];
  },
  value: ([first, chosen, bound]) =>
    bound! > first! ? (chosen! - first!) / (bound! - first!) : Number.NaN,
});

/** A figure pooled over seeds, and its value on each. */
export interface Estimate extends Pooled {
  readonly bySeed: readonly number[];
  readonly problems: number;
}

const rounds = 2000;
const concat = ([first = [], ...rest]: readonly Columns[]): Columns =>
  first.map((own, column) => [...own, ...rest.flatMap((part) => part[column]!)]);
const totals = (columns: Columns): number[] =>
  columns.map((column) => column.reduce((sum, value) => sum + value, 0));

/** The figure's columns, by report; undefined where one of them, or every report, is missing. */
function columnsOf(reports: Side['reports'], { columns }: Figure): Columns[] | undefined {
  const parts = reports.map(({ outcomes }) => columns(outcomes));
  return parts.length > 0 && parts.every((part) => part !== undefined) ? parts : undefined;
}

/** A figure over the problems of all reports; undefined where one of them does not have it. */
export function estimate(reports: Side['reports'], figure: Figure): Estimate | undefined {
  const parts = columnsOf(reports, figure);
  if (!parts) return undefined;
  const all = concat(parts);
  return {
    ...resampled(all, figure.value, { seed: 1, rounds }),
    bySeed: parts.map((part) => figure.value(totals(part))),
    problems: problemsIn(all),
  };
}

/** One side of a comparison: a figure of a report of each seed. */
export interface Side {
  readonly reports: readonly Pick<EvaluationReport, 'outcomes'>[];
  readonly figure: Figure;
}

/** `a` less `b` on the same problems: McNemar's exact test for right answers, the bootstrap's for everything else. */
export function difference(a: Side, b: Side): Estimate | undefined {
  const [left, right] = [columnsOf(a.reports, a.figure), columnsOf(b.reports, b.figure)];
  if (!left || !right) return undefined;
  const [all, other] = [concat(left), concat(right)];
  const value: FigureOf = (sums) =>
    a.figure.value(sums.slice(0, all.length)) - b.figure.value(sums.slice(all.length));
  const exact = a.figure.row !== undefined && b.figure.row !== undefined;
  const answers = ([, right = []]: Columns) => right.map((flag) => flag === 1);
  return {
    ...resampled([...all, ...other], value, { seed: 1, rounds }),
    ...(exact && { p: mcnemar(answers(all), answers(other)).p }),
    bySeed: left.map((part, i) => value(totals([...part, ...right[i]!]))),
    problems: problemsIn(all),
  };
}

const problemsIn = ([column = []]: Columns): number => column.length;

/** What a variant can be about: rows of the report, the two critics, wrong drafts fixed, and the method's headroom. */
export const variantFigures = [
  ...standardWays.map((way) => rowName(way, SAMPLES)),
  ...criticNames,
  'fixed',
  'headroom',
] as const;
