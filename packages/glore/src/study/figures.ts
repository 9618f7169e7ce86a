/** The figures of a study: each is a sum over problems divided by another, or made of several such shares. */
import {
  type Columns,
  type CriticName,
  criticNames,
  type EvaluationReport,
  type FigureOf,
  harmonicMean,
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
/** Share of the right drafts that a row makes wrong. */
export const broken = (row: string): Figure => changed(true, row, false);
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
export interface Estimate extends Omit<Pooled, 'p'> {
  /** Undefined of fewer seeds than can tell how far trainings lie apart: nothing is significant by problems alone. */
  readonly p: number | undefined;
  readonly bySeed: readonly number[];
}

/** The fewest seeds that a figure is tested on. */
export const leastSeeds = 3;

const rounds = 2000;
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
  return overSeeds(parts, figure.value);
}

function overSeeds(parts: readonly Columns[], value: FigureOf): Estimate {
  const { p, ...pooled } = resampled(parts, value, { seed: 1, rounds });
  return {
    ...pooled,
    p: parts.length < leastSeeds ? undefined : p,
    bySeed: parts.map((part) => value(totals(part))),
  };
}

/** One side of a comparison: a figure of a report of each seed. */
export interface Side {
  readonly reports: readonly Pick<EvaluationReport, 'outcomes'>[];
  readonly figure: Figure;
}

/** `a` less `b` on the same problems of the same seeds. */
export function difference(a: Side, b: Side): Estimate | undefined {
  const [left, right] = [columnsOf(a.reports, a.figure), columnsOf(b.reports, b.figure)];
  if (!left || !right || left.length !== right.length) return undefined;
  const [{ length: own } = []] = left;
  return overSeeds(
    left.map((part, i) => [...part, ...right[i]!]),
    (sums) => a.figure.value(sums.slice(0, own)) - b.figure.value(sums.slice(own)),
  );
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of a figure over reports; undefined where one of them does not have it. */
export const meanOf = <T>(list: readonly T[], pick: (item: T) => number | undefined | null) => {
  const values = list.map(pick);
  return values.every((value) => value != null) ? mean(values) : undefined;
};

/** What a variant can be about: rows of the report, the two critics, wrong drafts fixed, and the method's headroom. */
export const variantFigures = [
  ...standardWays.map((way) => rowName(way, SAMPLES)),
  ...criticNames,
  'fixed',
  'headroom',
] as const;
