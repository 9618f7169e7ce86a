/** The five roles, in the words of the method; below them are only token ids. */
import type { Codec, Solution } from '../codec/index.js';
import type { Generator, Scorer } from './types.js';

/** Tokens spent, for the comparison at equal budgets. */
export class Meter {
  generated = 0;
  scored = 0;
}

/** A solution as it was generated, and the tokens it took. */
export interface Generated extends Solution {
  readonly tokens: number;
}

abstract class Writer {
  protected readonly model: Generator;
  protected readonly codec: Codec;
  protected readonly maxTokens: number;
  readonly meter = new Meter();

  constructor(model: Generator, codec: Codec, maxTokens: number) {
    this.model = model;
    this.codec = codec;
    this.maxTokens = maxTokens;
  }

  protected async write(
    requests: readonly {
      tokens: readonly number[];
      branches: readonly { length: number; seed: number }[];
    }[],
    temperature: number,
  ): Promise<Generated[][]> {
    const { maxTokens, codec } = this;
    const completions = await this.model.generate(requests, {
      temperature,
      maxTokens,
      stop: codec.ids.eos,
    });
    return completions.map((branches) =>
      branches.map((tokens) => {
        this.meter.generated += tokens.length;
        return { ...codec.parse(tokens), tokens: tokens.length };
      }),
    );
  }

  /** One greedy completion of each prompt. */
  protected async greedy(prompts: readonly (readonly number[])[]): Promise<Generated[]> {
    const written = await this.write(
      prompts.map((tokens) => ({ tokens, branches: [{ length: tokens.length, seed: 0 }] })),
      0,
    );
    return written.map(([only]) => only!);
  }
}

/** The policy that solves problems. */
export class Student extends Writer {
  /** The greedy draft of each question. */
  draft(questions: readonly string[]): Promise<Generated[]> {
    return this.greedy(questions.map((question) => this.codec.prompt(question)));
  }

  /** Sampled solutions, one for each seed of each question. */
  sample(
    requests: readonly { readonly question: string; readonly seeds: readonly number[] }[],
    temperature: number,
  ): Promise<Generated[][]> {
    return this.write(
      requests.map(({ question, seeds }) => {
        const tokens = this.codec.prompt(question);
        return { tokens, branches: seeds.map((seed) => ({ length: tokens.length, seed })) };
      }),
      temperature,
    );
  }

  /** Rollouts from prefixes `P_i` of a solution: the sampled continuations, one for each seed of each prefix. */
  async rollout(
    requests: readonly {
      readonly question: string;
      readonly steps: readonly string[];
      /** `length` steps are kept. */
      readonly prefixes: readonly { readonly length: number; readonly seeds: readonly number[] }[];
    }[],
    temperature: number,
  ): Promise<Generated[][][]> {
    const written = await this.write(
      requests.map(({ question, steps, prefixes }) => {
        // One sequence for all prefixes: each is its beginning, so its keys and values are computed once.
        const tokens = this.codec.prompt(question);
        const ends = [tokens.length];
        for (const step of steps) ends.push(tokens.push(...this.codec.step(step)));
        const branches = prefixes.flatMap(({ length, seeds }) =>
          seeds.map((seed) => ({ length: ends[length]!, seed })),
        );
        return { tokens, branches };
      }),
      temperature,
    );
    return written.map((completions, i) => {
      const rest = [...completions];
      return requests[i]!.prefixes.map(({ seeds }) => rest.splice(0, seeds.length));
    });
  }
}

/** A model that reads a solution and values its lines: an ORM or a SORM. */
export class RewardModel {
  private readonly model: Scorer;
  private readonly codec: Codec;
  readonly meter = new Meter();

  constructor(model: Scorer, codec: Codec) {
    this.model = model;
    this.codec = codec;
  }

  /** A value in 0..1 for each line of each solution: its steps, then the answer line if it has an answer. */
  async values(
    items: readonly { readonly question: string; readonly solution: Solution }[],
  ): Promise<number[][]> {
    const { ids } = this.codec;
    const requests = items.map(({ question, solution }) => {
      const { tokens, tags } = this.codec.tagged(question, solution);
      this.meter.scored += tokens.length;
      return { tokens, positions: tags };
    });
    return this.model.score(requests, { positive: ids.plus, negative: ids.minus });
  }
}

/** Writes a new solution from the question and a draft. */
export class GlobalRefiner extends Writer {
  refine(
    items: readonly { readonly question: string; readonly draft: Solution }[],
  ): Promise<Generated[]> {
    return this.greedy(
      items.map(({ question, draft }) => this.codec.globalPrompt(question, draft)),
    );
  }
}

/** Rewrites a draft from a marked line on. */
export class LocalRefiner extends Writer {
  /** `location` is the first wrong line E, 1-based; the draft before it is kept. */
  async refine(
    items: readonly {
      readonly question: string;
      readonly draft: Solution;
      readonly location: number;
    }[],
  ): Promise<Generated[]> {
    const continuations = await this.greedy(
      items.map(({ question, draft, location }) =>
        this.codec.localPrompt(question, draft, location),
      ),
    );
    return continuations.map((continuation, i) => {
      const { draft, location } = items[i]!;
      return {
        ...this.codec.joinLocal(draft, location, continuation),
        tokens: continuation.tokens,
      };
    });
  }
}
