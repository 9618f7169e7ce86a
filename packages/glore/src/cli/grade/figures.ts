/** How many answers are right, and which of them a person should look at. */
import { answerKeys, majority, wilson } from '../../evaluate/index.js';
import { type How, judgeBy } from '../../reading/index.js';
import type { Answers } from './answers.js';

/** What is written beside each row. */
export interface Verdict {
  readonly right: boolean;
  readonly doubtful: boolean;
  /** Null where none was found. */
  readonly answer: string | null;
  readonly how: How | null;
  /** Why it is doubtful, or what was not found; null of what is sure. */
  readonly reason: string | null;
}

/** One answer that a person might judge otherwise. */
export interface Doubtful {
  readonly line: number;
  /** Which of a row's list, counted from 0. */
  readonly sample?: number;
  readonly right: boolean;
  readonly gold: string;
  readonly answer: string;
  readonly reason: string;
}

/** Of rows that have lists of texts. */
export interface Sampled {
  readonly rows: number;
  /** Texts of a row. */
  readonly least: number;
  readonly most: number;
  /** The chance that one of k texts of a row is right, for k up to `least`. */
  readonly passAt: Readonly<Record<string, number>>;
  /** Share of rows whose most frequent answer is right. */
  readonly majority: number;
}

/** The figures that `glore grade` prints; `--json` prints them as they are. */
export interface Grades {
  readonly file: string;
  readonly answers: number;
  readonly right: number;
  readonly wrong: number;
  /** Texts in which no answer was found: neither in `right` nor in `wrong`, but they count in `answers`. */
  readonly noAnswer: number;
  /** Lines of rows in which no answer was found, or not in each of a list. */
  readonly unanswered: readonly number[];
  /** The mean over rows of the share of right answers: right / answers, where each row has as many. */
  readonly accuracy: number;
  /** 95% interval of the accuracy: Wilson's, or of lists that of the mean over rows. */
  readonly interval: { readonly low: number; readonly high: number };
  /** Answers by where they were found. */
  readonly how: Readonly<Record<How, number>>;
  readonly doubtful: readonly Doubtful[];
  readonly sampled?: Sampled;
}

/** Of a list also what most of its texts say. */
export type RowVerdict = Verdict & { readonly samples?: readonly Verdict[] };

export function verdictOf({ gold, texts, sampled }: Answers): RowVerdict {
  const verdicts = texts.map((text) => {
    const { right, doubtful, extracted, reason } = judgeBy(gold, text ?? '');
    const { value: answer = null, how = null } = extracted ?? {};
    return { right, doubtful, answer, how, reason: reason ?? null };
  });
  if (!sampled) return verdicts[0]!;
  const winner = majority(
    verdicts.map(({ answer }) => answer),
    answerKeys(),
  );
  return { ...verdicts[winner]!, samples: verdicts };
}

/** @param verdicts of the rows */
export function gradesOf(
  file: string,
  rows: readonly Answers[],
  verdicts: readonly RowVerdict[],
): Grades {
  const how = { tag: 0, marker: 0, boxed: 0, phrase: 0, bare: 0, 'last-number': 0 };
  const doubtful: Doubtful[] = [];
  const unanswered: number[] = [];
  const rights: number[] = [];
  let [answers, noAnswer] = [0, 0];
  for (const [i, { row, source, texts }] of rows.entries()) {
    const { samples, ...only } = verdicts[i]!;
    const all = samples ?? [only];
    answers += texts.length;
    rights.push(all.filter(({ right }) => right).length);
    for (const [
      sample,
      { right, answer, how: found, doubtful: doubted, reason },
    ] of all.entries()) {
      if (found === null) noAnswer++;
      else how[found]++;
      if (found === null && unanswered.at(-1) !== row.line) unanswered.push(row.line);
      if (!doubted) continue;
      const which = samples && { sample };
      doubtful.push({
        line: row.line,
        ...which,
        right,
        gold: source,
        answer: answer ?? '',
        reason: reason!,
      });
    }
  }
  const right = rights.reduce((sum, count) => sum + count, 0);
  const sampled = rows.some((row) => row.sampled);
  const shares = rights.map((count, i) => count / rows[i]!.texts.length);
  const accuracy = shares.reduce((sum, share) => sum + share, 0) / rows.length;
  return {
    file,
    answers,
    right,
    wrong: answers - right - noAnswer,
    noAnswer,
    unanswered,
    accuracy: sampled ? accuracy : right / answers,
    interval: sampled ? intervalOfMean(shares, accuracy) : wilson(right, answers),
    how,
    doubtful,
    ...(sampled && { sampled: sampledOf(rows, rights, verdicts) }),
  };
}

/** Texts of one row say alike things, so that rows are what is counted. */
function intervalOfMean(shares: readonly number[], mean: number): { low: number; high: number } {
  const squares = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0);
  const half = 1.96 * Math.sqrt(squares / Math.max(1, shares.length - 1) / shares.length);
  return { low: Math.max(0, mean - half), high: Math.min(1, mean + half) };
}

function sampledOf(
  rows: readonly Answers[],
  rights: readonly number[],
  verdicts: readonly RowVerdict[],
): Sampled {
  const counts = rows.map(({ texts }) => texts.length);
  const least = counts.reduce((a, b) => Math.min(a, b));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / rows.length;
  const ks = new Set([least]);
  for (let k = 1; k < least; k *= 2) ks.add(k);
  return {
    rows: rows.length,
    least,
    most: counts.reduce((a, b) => Math.max(a, b)),
    passAt: Object.fromEntries(
      [...ks].map((k) => [k, mean(rights.map((right, i) => passAt(k, right, counts[i]!)))]),
    ),
    majority: mean(verdicts.map(({ right }) => Number(right))),
  };
}

/** The chance that one of `k` drawn of `count` is right, `1 - C(count - right, k) / C(count, k)` (Chen et al., 2021). */
export function passAt(k: number, right: number, count: number): number {
  let none = 1;
  for (let i = count - right + 1; i <= count; i++) none *= Math.max(0, 1 - k / i);
  return 1 - none;
}
