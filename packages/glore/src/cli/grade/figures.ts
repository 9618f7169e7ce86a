/** How many answers are right, and which of them a person should look at. */
import { answerKeys, majority, sum, wilson } from '../../evaluate/index.js';
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

/** Of rows that have several texts. */
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

/** Of several texts it is that of what most of them say. */
export type RowVerdict = Verdict & { readonly samples?: readonly Verdict[] };

export function verdictOf({ gold, texts }: Answers): RowVerdict {
  const verdicts = texts.map((text) => {
    const { right, doubtful, extracted, reason } = judgeBy(gold, text ?? '');
    const { value: answer = null, how = null } = extracted ?? {};
    return { right, doubtful, answer, how, reason: reason ?? null };
  });
  if (verdicts.length === 1) return verdicts[0]!;
  const winner = majority(
    verdicts.map(({ answer }) => answer),
    answerKeys(),
  );
  return { ...verdicts[winner]!, samples: verdicts };
}

/** Counts verdicts as they come. */
export class Tally {
  private readonly how = { tag: 0, marker: 0, boxed: 0, phrase: 0, bare: 0, 'last-number': 0 };
  private readonly doubtful: Doubtful[] = [];
  private readonly unanswered: number[] = [];
  /** Of each row. */
  private readonly rights: number[] = [];
  private readonly counts: number[] = [];
  private majorities = 0;
  private noAnswer = 0;
  private sampled = false;

  add({ row: { line }, source }: Answers, verdict: RowVerdict): void {
    const { samples = [verdict] } = verdict;
    this.sampled ||= samples.length > 1;
    this.counts.push(samples.length);
    this.rights.push(samples.filter(({ right }) => right).length);
    if (verdict.right) this.majorities++;
    for (const [sample, { right, answer, how, doubtful, reason }] of samples.entries()) {
      if (how === null) {
        this.noAnswer++;
        if (this.unanswered.at(-1) !== line) this.unanswered.push(line);
      } else this.how[how]++;
      if (!doubtful) continue;
      const which = verdict.samples && { sample };
      const gold = source;
      this.doubtful.push({ line, ...which, right, gold, answer: answer ?? '', reason: reason! });
    }
  }

  grades(file: string): Grades {
    const { how, doubtful, unanswered, noAnswer, rights, counts } = this;
    const [answers, right] = [sum(counts), sum(rights)];
    const shares = rights.map((count, i) => count / counts[i]!);
    const mean = sum(shares) / shares.length;
    return {
      file,
      answers,
      right,
      wrong: answers - right - noAnswer,
      noAnswer,
      unanswered,
      accuracy: this.sampled ? mean : right / answers,
      interval: this.sampled ? intervalOfMean(shares, mean) : wilson(right, answers),
      how,
      doubtful,
      ...(this.sampled && { sampled: this.ofLists() }),
    };
  }

  private ofLists(): Sampled {
    const { rights, counts } = this;
    const least = counts.reduce((a, b) => Math.min(a, b));
    const ks = new Set<number>();
    for (let k = 1; k < least; k *= 2) ks.add(k);
    const rates = [...ks.add(least)].map((k) => [
      k,
      sum(rights.map((right, i) => passAt(k, right, counts[i]!))) / rights.length,
    ]);
    return {
      rows: rights.length,
      least,
      most: counts.reduce((a, b) => Math.max(a, b)),
      passAt: Object.fromEntries(rates),
      majority: this.majorities / rights.length,
    };
  }
}

/** Texts of one row say alike things, so that rows are what is counted. */
function intervalOfMean(shares: readonly number[], mean: number): { low: number; high: number } {
  const squares = sum(shares.map((share) => (share - mean) ** 2));
  const half = 1.96 * Math.sqrt(squares / Math.max(1, shares.length - 1) / shares.length);
  return { low: Math.max(0, mean - half), high: Math.min(1, mean + half) };
}

/** The chance that one of `k` drawn of `count` is right, `1 - C(count - right, k) / C(count, k)` (Chen et al., 2021). */
export function passAt(k: number, right: number, count: number): number {
  let none = 1;
  for (let i = count - right + 1; i <= count; i++) none *= Math.max(0, 1 - k / i);
  return 1 - none;
}
