/** What a server's answers have cost, and when it is enough. */
import { z } from 'zod';
import { GloreError } from '../../error.js';
import { amount, count } from '../../files/index.js';

/** Money for a million tokens, in any currency. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** What one answer took, in tokens as the server counts them. */
export interface Cost {
  readonly prompt: number;
  readonly completion: number;
  readonly price?: Price | undefined;
}

export const free: Cost = { prompt: 0, completion: 0 };

/** Most that may be spent; what is left out is not limited. */
export interface Budget {
  readonly requests?: number | undefined;
  /** Prompt and completion tokens together, as the server counts them. */
  readonly tokens?: number | undefined;
  readonly seconds?: number | undefined;
  readonly money?: number | undefined;
}

/** What has been spent: answers received, and what they say of themselves. */
export interface Spent {
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Wall clock while the endpoint was open. */
  readonly seconds: number;
  readonly money: number;
}

/** What was spent as it stands in its file. */
export const spentShape: z.ZodType<Spent> = z.object({
  requests: count,
  promptTokens: count,
  completionTokens: count,
  seconds: amount,
  money: amount,
});

export const nothingSpent: Spent = {
  requests: 0,
  promptTokens: 0,
  completionTokens: 0,
  seconds: 0,
  money: 0,
};

export class Purse {
  private readonly name: string;
  private readonly budget: Budget;
  private readonly began = performance.now();
  private readonly secondsBefore: number;
  private counts: Omit<Spent, 'seconds'>;

  /** `before`: what earlier processes of the run have spent. */
  constructor(name: string, budget: Budget, before: Spent = nothingSpent) {
    this.name = name;
    this.budget = budget;
    this.secondsBefore = before.seconds;
    this.counts = before;
  }

  get spent(): Spent {
    const seconds = this.secondsBefore + (performance.now() - this.began) / 1000;
    return { ...this.counts, seconds: Math.round(seconds * 1000) / 1000 };
  }

  /** Adds one answer. */
  add(cost: Cost): void {
    this.lose(cost);
    this.counts = { ...this.counts, requests: this.counts.requests + 1 };
  }

  /** Adds what was paid for and is no answer. */
  lose({ prompt, completion, price }: Cost): void {
    const { promptTokens, completionTokens, money } = this.counts;
    const [read, written] = [prompt, completion].map(upwards) as [number, number];
    this.counts = {
      ...this.counts,
      promptTokens: promptTokens + read,
      completionTokens: completionTokens + written,
      money: price ? money + (read * price.input + written * price.output) / 1e6 : money,
    };
  }

  /** @throws GloreError `budget-spent` once any limit is reached; what is in flight may exceed it by a little */
  check(): void {
    const { spent } = this;
    const used: Record<keyof Budget, number> = {
      requests: spent.requests,
      tokens: spent.promptTokens + spent.completionTokens,
      seconds: spent.seconds,
      money: spent.money,
    };
    for (const [kind, limit] of Object.entries(this.budget)) {
      const amount = used[kind as keyof Budget];
      if (limit === undefined || amount < limit) continue;
      throw new GloreError(
        'budget-spent',
        `endpoints.${this.name}.budget.${kind}: ${shown(amount)} of ${shown(limit)} ${kind} are spent; what has arrived is kept: raise the budget and run the same command again`,
      );
    }
  }
}

/** Whatever a server counts, nothing that is spent comes back. */
const upwards = (tokens: number): number => (Number.isFinite(tokens) ? Math.max(0, tokens) : 0);

const shown = (amount: number): string => amount.toLocaleString('en', { maximumFractionDigits: 4 });
