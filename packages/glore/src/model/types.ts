/**
 * What the pipeline asks of a model, whatever serves it: a `RoleModel` writes and values solutions, in whatever spelling it
 * understands. A `LanguageModel` is one that reads ids of the codec's tokenizer.
 */
import type { Codec, Solution } from '../codec/index.js';

/** What a model of another form wrote, as it wrote it. */
export interface Original {
  readonly text: string;
  /** Where each step ends in it, as far as that is known. */
  readonly ends: readonly number[];
  /** It came to its end by itself. */
  readonly finished: boolean;
}

/** A solution, and the text that it was read from where that is not the codec's form. */
export type Draft = Solution & { readonly original?: Original | undefined };

/** A solution as it was generated, and the tokens it took. */
export interface Generated extends Draft {
  readonly tokens: number;
}

/**
 * What is to be written: the student's solution, continued after some of `steps`; a new solution after a draft; or a
 * draft's lines from `location` on (1-based).
 */
export type Task =
  | { readonly role: 'student'; readonly question: string; readonly steps: readonly string[] }
  | { readonly role: 'global'; readonly question: string; readonly draft: Draft }
  | {
      readonly role: 'local';
      readonly question: string;
      readonly draft: Draft;
      readonly location: number;
    };

export interface WriteRequest {
  readonly task: Task;
  /** One completion for each: after the first `kept` of a student's steps (0 for refiners), by the seed's randomness. */
  readonly branches: readonly { readonly kept: number; readonly seed: number }[];
}

/**
 * Told of the text of a completion so far, without what was kept, whenever a line of it has ended, of long texts after some
 * lines; it may begin anew where a server had to be asked again. It must not throw.
 */
export type Hear = (request: number, branch: number, text: string) => void;

export interface Author {
  /** What is written, by request and branch, without what was kept. Temperature 0 is greedy. */
  write(
    requests: readonly WriteRequest[],
    sampling: {
      readonly temperature: number;
      readonly maxTokens: number;
      readonly hear?: Hear | undefined;
    },
  ): Promise<Generated[][]>;
  /** The same, but each completion ends with its first line. One that cannot end there has none of it. */
  writeLine?: Author['write'];
  /** How the greedy text of a task begins, as it is written: so many tokens of it. */
  begin?(task: Task, tokens: number): Promise<string>;
  /**
   * The log-probability, in nats, of each token of solutions as a student would write them, their end included; where the
   * model says that of any text.
   */
  logprobs?(items: readonly CriticItem[]): Promise<number[][]>;
}

/** The values in 0..1 of a solution's lines, and the tokens read for them. */
export interface Valued {
  readonly values: number[];
  readonly tokens: number;
}

/** What a critic reads. */
export interface CriticItem {
  readonly question: string;
  readonly solution: Draft;
}

export interface Critic {
  value(items: readonly CriticItem[]): Promise<Valued[]>;
}

/** Keeps what has arrived under names, so that it is asked for once, whatever ends the process in between. */
export interface Answers {
  once<T>(name: string, ask: () => Promise<T>): Promise<T>;
}

/** A model that a role can be played by. */
export interface RoleModel {
  author(codec: Codec): Author;
  critic(codec: Codec): Critic;
  /** The same model, every answer kept. One whose answers cost no more than keeping them has none of it. */
  keeping?(answers: Answers): RoleModel;
  close(): Promise<void>;
}

/** A sequence and the places to continue it from: after its first `length` tokens, once for each seed. */
export interface GenerateRequest {
  readonly tokens: readonly number[];
  readonly branches: readonly { readonly length: number; readonly seed: number }[];
}

export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly maxTokens: number;
  /** A completion ends with this token. */
  readonly stop: number;
  /** Told of the tokens of a completion so far, as they come. */
  readonly hear?: HearTokens | undefined;
}

export type HearTokens = (request: number, branch: number, tokens: readonly number[]) => void;

export interface Generator {
  /** Completions by request and branch; a request's own tokens are not in them. */
  generate(requests: readonly GenerateRequest[], sampling: Sampling): Promise<number[][][]>;
}

export interface ScoreRequest {
  readonly tokens: readonly number[];
  /** Indices of the tokens after which the value is read. */
  readonly positions: readonly number[];
}

export interface Scorer {
  /** p(positive) / (p(positive) + p(negative)) of the next token, by request and position. */
  score(
    requests: readonly ScoreRequest[],
    labels: { readonly positive: number; readonly negative: number },
  ): Promise<number[][]>;
}

/** A scorer of what follows. */
export interface Follower {
  /** The log-probability, in nats, of the token after each position, by request. */
  follow(requests: readonly ScoreRequest[]): Promise<number[][]>;
}

export interface LanguageModel extends Generator, Scorer, RoleModel {}
