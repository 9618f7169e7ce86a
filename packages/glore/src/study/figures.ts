/** The figures of a study: each is a sum over problems divided by another, or made of several such shares. */
import {
  type Columns,
  type EvaluationReport,
  type FigureOf,
  mcnemar,
  type Outcomes,
  type Pooled,
  resampled,
} from '../evaluate/index.js';

/** A figure of the problems' outcomes; undefined columns: it cannot be measured there. */
export interface Figure {
  readonly columns: (outcomes: Outcomes) => Columns | undefined;
  readonly value: FigureOf;
  /** Whether it is a share of right answers, which McNemar's test is for. */
  readonly row?: string;
}

type Critic = 'orm' | 'sorm';

const flags = (text: string): number[] => Array.from(text, Number);
const ratio: FigureOf = ([n, part]) => part! / n!;
const harmonic = (a: number, b: number): number => (2 * a * b) / (a + b || 1);

/** Accuracy of a row of the report. */
export const accuracy = (row: string): Figure => ({
  row,
  columns: ({ right }) => {
    const text = right[row];
    return text === undefined ? undefined : [flags(text).map(() => 1), flags(text)];
  },
  value: ratio,
});

/** Of the problems that `row` has wrong, those that `by` has right; of all problems where `all` says so. */
const changed = (from: boolean, row: string, by: string, all: boolean): Figure => ({
  columns: ({ right }) => {
    if (right[row] === undefined || right[by] === undefined) return undefined;
    const [before, after] = [flags(right[row]), flags(right[by])];
    const of = before.map((flag) => Number(flag === Number(from)));
    return [
      all ? of.map(() => 1) : of,
      of.map((flag, i) => flag && Number(after[i] !== Number(from))),
    ];
  },
  value: ratio,
});
/** Share of the wrong drafts that a row makes right. */
export const fixed = (row: string): Figure => changed(false, 'draft', row, false);
export const wrongToRight = (row: string): Figure => changed(false, 'draft', row, true);
export const rightToWrong = (row: string): Figure => changed(true, 'draft', row, true);

/** Share of the wrong drafts that exactly these refiners fix. */
export const fixedBy = (global: boolean, local: boolean): Figure => ({
  columns: ({ right }) => {
    const [draft, byGlobal, byLocal] = ['draft', 'global', 'local'].map((row) =>
      flags(right[row]!),
    );
    const wrong = draft!.map((flag) => 1 - flag);
    return [
      wrong,
      wrong.map((flag, i) =>
        Number(flag && byGlobal![i] === Number(global) && byLocal![i] === Number(local)),
      ),
    ];
  },
  value: ratio,
});

/** @param half at a threshold of 0.5 instead of the fitted one */
export const stepAccuracy = (critic: Critic, half = false): Figure => ({
  columns: ({ steps }) => steps && [steps.n, (half ? steps.atHalf : steps)[critic]],
  value: ratio,
});

/** The same where samples of a problem that are alike are counted once. */
export const distinctSteps = (critic: Critic): Figure => ({
  columns: ({ steps }) => steps?.distinct && [steps.distinct.n, steps.distinct[critic]],
  value: ratio,
});

/** AUC among the samples of a problem. */
export const withinAuc = (critic: Critic): Figure => ({
  columns: ({ pairs }) => [pairs.n, pairs[critic]],
  value: ratio,
});

/** The ORM's AUC among draft, global and local refinement of a problem. */
export const candidatesAuc: Figure = {
  columns: ({ candidatePairs }) => [candidatePairs.n, candidatePairs.orm],
  value: ratio,
};

/** @param half at a threshold of 0.5 instead of the fitted one */
export const firstErrorF1 = (critic: Critic, half = false): Figure => ({
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
  value: ([sound, accepted, unsound, located]) => harmonic(accepted! / sound!, located! / unsound!),
});

/** Share of what a perfect choice could add to the draft that a row adds which chooses of the same candidates. */
export const headroom = (row: 'rerank' | 'rerank-both'): Figure => ({
  columns: ({ right }) => ['draft', row, 'oracle'].map((name) => flags(right[name]!)),
  value: ([draft, chosen, oracle]) =>
    oracle! > draft! ? (chosen! - draft!) / (oracle! - draft!) : Number.NaN,
});

/** A figure pooled over seeds, and its value on each. */
export interface Estimate extends Pooled {
  readonly bySeed: readonly number[];
  readonly problems: number;
}

const rounds = 2000;
const concat = (parts: readonly Columns[]): Columns =>
  parts[0]!.map((_, column) => parts.flatMap((part) => part[column]!));
const totals = (columns: Columns): number[] =>
  columns.map((column) => column.reduce((sum, value) => sum + value, 0));

/** A figure over the problems of all reports; undefined where one of them does not have it. */
export function estimate(
  reports: readonly Pick<EvaluationReport, 'outcomes'>[],
  { columns, value }: Figure,
): Estimate | undefined {
  const parts = reports.map(({ outcomes }) => columns(outcomes));
  if (parts.length === 0 || parts.includes(undefined)) return undefined;
  const found = parts as Columns[];
  const all = concat(found);
  return {
    ...resampled(all, value, { seed: 1, rounds }),
    bySeed: found.map((part) => value(totals(part))),
    problems: all[0]!.length,
  };
}

/** One side of a comparison: a figure of a report of each seed. */
export interface Side {
  readonly reports: readonly Pick<EvaluationReport, 'outcomes'>[];
  readonly figure: Figure;
}

/** `a` less `b` on the same problems: McNemar's exact test for right answers, the bootstrap's for everything else. */
export function difference(a: Side, b: Side): Estimate | undefined {
  const parts = [a, b].map(({ reports, figure }) =>
    reports.map(({ outcomes }) => figure.columns(outcomes)),
  );
  if (parts.some((side) => side.length === 0 || side.includes(undefined))) return undefined;
  const [left, right] = parts as [Columns[], Columns[]];
  const width = left[0]!.length;
  const value: FigureOf = (sums) =>
    a.figure.value(sums.slice(0, width)) - b.figure.value(sums.slice(width));
  const bySeed = left.map((part, i) => value(totals([...part, ...right[i]!])));
  const [all, other] = [concat(left), concat(right)];
  const found = resampled([...all, ...other], value, { seed: 1, rounds });
  const exact = a.figure.row !== undefined && b.figure.row !== undefined;
  const answers = (columns: Columns) => columns[1]!.map((flag) => flag === 1);
  return {
    ...found,
    ...(exact && { p: mcnemar(answers(all), answers(other)).p }),
    bySeed,
    problems: all[0]!.length,
  };
}

/** What a variant can be about: rows of the report, the two critics, and wrong drafts fixed. */
export const variantFigures = [
  ...['draft', 'bo3', 'majority@8', 'best-of-8', 'global', 'local', 'local-orm', 'local-truth'],
  ...[
    'rerank-global',
    'rerank-local',
    'rerank',
    'gate',
    'rerank-both',
    'oracle',
    'orm',
    'sorm',
    'fixed',
    'headroom',
  ],
] as const;
