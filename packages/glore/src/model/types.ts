/** What the pipeline asks of a model, whatever serves it. Tokens are ids of the codec's tokenizer. */

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
}

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

export interface LanguageModel extends Generator, Scorer {
  close(): Promise<void>;
}
