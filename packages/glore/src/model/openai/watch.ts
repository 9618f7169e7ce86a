/** What a role's model has said so far: how many answers were none, and how much of the probability its labels cover. */
import { z } from 'zod';
import { count } from '../../files/index.js';

/** Counts of a role's answers; those of several processes add up. */
export interface Heard {
  /** Answers that could be read. */
  readonly answers: number;
  /** Answers that were none, and asked for again. */
  readonly refused: number;
  /** Values by what the labels covered of the probability: at least so much, and less than the bound above. */
  readonly covered: Readonly<Record<Bound, number>>;
}

/** What was heard as it stands in its file. */
export const heardShape: z.ZodType<Heard> = z.object({
  answers: count,
  refused: count,
  covered: z.object({ '0.99': count, '0.9': count, '0.5': count, '0': count }),
});

const bounds = ['0.99', '0.9', '0.5', '0'] as const;
type Bound = (typeof bounds)[number];

export const nothingHeard: Heard = {
  answers: 0,
  refused: 0,
  covered: { '0.99': 0, '0.9': 0, '0.5': 0, '0': 0 },
};

export const addHeard = (a: Heard, b: Heard): Heard => ({
  answers: a.answers + b.answers,
  refused: a.refused + b.refused,
  covered: Object.fromEntries(
    bounds.map((bound) => [bound, a.covered[bound] + b.covered[bound]]),
  ) as Heard['covered'],
});

export class Watch {
  /** Bounded, and recent: enough for a median that is shown. */
  private masses: number[] = [];
  private answers = 0;
  private refusals = 0;
  private readonly counts: Record<Bound, number> = { ...nothingHeard.covered };
  /** It has valued right and wrong answers apart. */
  contrasted = false;

  answered(): void {
    this.answers++;
  }

  refused(): void {
    this.refusals++;
  }

  /** Adds what the labels cover, of each value that was read from them. */
  covered(masses: readonly number[]): void {
    this.masses = [...this.masses, ...masses].slice(-4096);
    for (const mass of masses) this.counts[bounds.find((bound) => mass >= Number(bound))!]++;
  }

  /** The median of what the labels cover, which tells how sure values are; undefined before the first. */
  get coverage(): number | undefined {
    return medianOf(this.masses);
  }

  get heard(): Heard {
    return { answers: this.answers, refused: this.refusals, covered: { ...this.counts } };
  }
}

export function medianOf(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1]! + sorted[half]!) / 2;
}
