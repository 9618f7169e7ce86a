/** The shape of a Llama. Qwen2 and Qwen3 are Llamas with biases or norms. */
import type { RopeScaling } from './rope.js';

/** The shape of a Llama model; sizes are counts of numbers, tokens are vocabulary ids. */
export interface LlamaConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ropeTheta: number;
  /** Plain rotary positions where absent. */
  readonly ropeScaling?: RopeScaling;
  readonly normEpsilon: number;
  readonly maxPositions: number;
  readonly tieEmbeddings: boolean;
  /** Biases of queries, keys and values (Qwen2), or of attention's output too; none where absent. */
  readonly attentionBias?: 'qkv' | 'qkvo';
  /** Biases of the three projections after attention. */
  readonly mlpBias?: true;
  /** Queries and keys are RMS-normalised within each head (Qwen3). */
  readonly headNorms?: true;
  readonly bosToken?: number;
  readonly eosToken?: number;
  /** Further tokens that end a text. */
  readonly otherEosTokens?: readonly number[];
  readonly padToken?: number;
}
