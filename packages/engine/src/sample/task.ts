/** What a sampler is asked for, and what it gives. */
import type { LogprobsWanted, TokenLogprobs } from './logprobs.js';

/** A sequence and the places to continue it from: after its first `length` tokens, once for each seed. */
export interface Context {
  readonly tokens: readonly number[];
  readonly branches: readonly { readonly length: number; readonly seed: number }[];
}

export interface GenerateTask {
  readonly contexts: readonly Context[];
  /** Most tokens to add to a branch. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** A row ends with the first of these (which is part of its completion). */
  readonly stop: readonly number[];
  /** Log-probabilities wanted with each drawn token. */
  readonly logprobs?: LogprobsWanted;
  /** An Int32 for each branch, counted over all contexts: nobody waits for the branch any more once it is not 0. */
  readonly left?: SharedArrayBuffer;
}

export interface Completion {
  readonly tokens: number[];
  readonly finish: 'stop' | 'length' | 'left';
  /** Of each token, where wanted. */
  readonly logprobs?: readonly TokenLogprobs[];
}

/** A token just drawn for a branch, counted over all contexts. */
export interface Drawn {
  readonly branch: number;
  readonly token: number;
  readonly logprobs?: TokenLogprobs;
}

export interface GenerateResult {
  /** By context and branch. */
  readonly completions: Completion[][];
  /** Positions run through the model: of contexts, and of continuations, those in common once. */
  readonly prefilled: number;
  readonly generated: number;
}

export interface ScoreTask {
  readonly items: readonly {
    readonly tokens: readonly number[];
    readonly positions: readonly number[];
  }[];
  /** Token ids whose log-probabilities are wanted as the next token at each position; `next` for that which does follow. */
  readonly labels: readonly number[] | 'next';
}

export interface ScoreResult {
  /** Log-probability of each label as the next token at each position, or of the one that follows: [item][position][label], in nats. */
  readonly scores: number[][][];
  /** Positions run through the model: what sequences begin with alike once. */
  readonly computed: number;
}
