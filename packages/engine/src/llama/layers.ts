/** What the training graph and the cached inference graph of a Llama have in common. */
import { constant, type Value } from '../graph/index.js';
import type { LlamaConfig } from '../hf/index.js';

/** The weights of a model as values of a graph, by their Hugging Face names. */
export type WeightValues = ReadonlyMap<string, Value>;

export function weight(weights: WeightValues, name: string): Value {
  const value = weights.get(name);
  if (!value) throw new Error(`no weight ${name}`);
  return value;
}

/** The name of the weight that turns hidden states into logits, [V, d]: the embedding's where they are tied. */
export const headName = (config: LlamaConfig): string =>
  config.tieEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';

/** Cosine and sine of every position's angles, [maxPositions, D/2] each (Su et al. 2021). */
export function rotaryTables(config: LlamaConfig): {
  cosine: Value;
  sine: Value;
  negativeSine: Value;
} {
  const half = config.headSize / 2;
  const table = (f: (angle: number) => number) =>
    constant(
      Float32Array.from({ length: config.maxPositions * half }, (_, i) =>
        f(Math.floor(i / half) * config.ropeTheta ** (-(i % half) / half)),
      ),
      [config.maxPositions, half],
    );
  return {
    cosine: table(Math.cos),
    sine: table(Math.sin),
    negativeSine: table((angle) => -Math.sin(angle)),
  };
}
