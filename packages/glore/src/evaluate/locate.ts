/** How well a SORM locates the first errors of given solutions, as ProcessBench measures it. */
import { type Codec, parseLines, type Solution, stripAnnotations } from '../codec/index.js';
import type { RewardModel } from '../model/index.js';
import type { JudgedSteps } from '../problem/index.js';
import { locateFirstError } from '../refine/index.js';
import { harmonicMean } from './critic.js';
import { type Interval, stratifiedBootstrap, wilson } from './statistics.js';

/** What the SORM says of a solution. */
export interface Located {
  /** Of each step; null if the solution is longer than the model reads. */
  readonly values: readonly number[] | null;
  /** The first step below the threshold, counted from 0; -1 if there is none, null without values. */
  readonly prediction: number | null;
  /** Whether that is the label. */
  readonly match: boolean;
}

export interface Rate extends Interval {
  /** Null without solutions. */
  readonly accuracy: number | null;
  readonly solutions: number;
  readonly matches: number;
}

/** The figures of ProcessBench with their 95% intervals. */
export interface LocateReport {
  readonly threshold: number;
  /** Solutions with an error: the share whose first error is located exactly. */
  readonly wrong: Rate;
  /** Solutions without an error: the share in which none is seen. */
  readonly right: Rate;
  /** Harmonic mean of the two; null if either is. */
  readonly f1: (Interval & { readonly value: number }) | null;
  /** Solutions longer than the model reads, which count as missed. */
  readonly tooLong: number;
}

/** Values of the steps of each solution, in the order of the items. */
export async function locateErrors(
  sorm: RewardModel,
  codec: Codec,
  items: readonly JudgedSteps[],
  { threshold, maxPositions }: { readonly threshold: number; readonly maxPositions: number },
): Promise<Located[]> {
  const requests = items.map((item) => ({ question: item.problem, solution: solutionOf(item) }));
  const readable = requests.filter(
    ({ question, solution }) => codec.tagged(question, solution).tokens.length <= maxPositions,
  );
  const values = await sorm.values(readable);
  const found = new Map(readable.map((request, i) => [request, values[i]!]));
  return items.map(({ label }, i) => {
    const own = found.get(requests[i]!) ?? null;
    const first = own && locateFirstError(own, threshold);
    const prediction = first === null || first === -1 ? first : first - 1;
    return { values: own, prediction, match: prediction === label };
  });
}

/** @param items,located of the same solutions */
export function locateReport(
  items: readonly JudgedSteps[],
  located: readonly Located[],
  threshold: number,
): LocateReport {
  const matchesOf = (wrong: boolean) =>
    located.filter((_, i) => (items[i]!.label !== -1) === wrong).map(({ match }) => match);
  const [wrong, right] = [matchesOf(true), matchesOf(false)];
  const [wrongRate, rightRate] = [rate(wrong), rate(right)];
  return {
    threshold,
    wrong: wrongRate,
    right: rightRate,
    f1:
      wrongRate.accuracy === null || rightRate.accuracy === null
        ? null
        : {
            value: harmonicMean(wrongRate.accuracy, rightRate.accuracy),
            ...stratifiedBootstrap([wrong, right], ([a, b]) => harmonicMean(a!, b!), {
              seed: 1,
              rounds: 2000,
            }),
          },
    tooLong: located.filter(({ values }) => values === null).length,
  };
}

function rate(matches: readonly boolean[]): Rate {
  const hits = matches.filter(Boolean).length;
  return {
    accuracy: matches.length === 0 ? null : hits / matches.length,
    ...wilson(hits, matches.length),
    solutions: matches.length,
    matches: hits,
  };
}

/**
 * The steps as lines of the codec, one each, so that values and labels count the same: line breaks become spaces, and a
 * last step `#### 18` is the answer line. A heading spelt like an answer loses its marks.
 */
function solutionOf({ steps, row }: JudgedSteps): Solution {
  const lines = steps.map((step, i) => {
    const line = stripAnnotations(step).replace(/\s+/g, ' ').trim();
    const last = i === steps.length - 1;
    const text = last && parseLines(line).answer ? line : line.replace(/^[#\s]*#### ?/, '');
    if (text !== '') return text;
    throw row.error('field-empty', {
      expected: 'text in each of the "steps"',
      found: `${JSON.stringify(step)} at index ${i}`,
      cure: 'fill it in or remove the record',
    });
  });
  const answer = parseLines(lines.at(-1)!).answer;
  return answer === null ? { steps: lines, answer } : { steps: lines.slice(0, -1), answer };
}
