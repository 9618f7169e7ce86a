/** What the training graph and the cached inference graph of a Llama have in common. */
import { constant, type Value } from '../graph/index.js';
import { frequencies, type LlamaConfig, type RopeShape, rotaryScale } from '../hf/index.js';

/** The weights of a model as values of a graph, by their Hugging Face names. */
export type WeightValues = ReadonlyMap<string, Value>;

export function weight(weights: WeightValues, name: string): Value {
  const value = weights.get(name);
  if (!value) throw new Error(`no weight ${name}`);
  return value;
}

/** The module that turns hidden states into logits; its weight [V, d] is the embedding's where they are tied. */
export const headModule = (config: LlamaConfig): string =>
  config.tieEmbeddings ? 'model.embed_tokens' : 'lm_head';

/** The linear modules of a layer, in the order in which they are computed. */
export const linearModules = (layer: number) => {
  const at = `model.layers.${layer}`;
  return {
    query: `${at}.self_attn.q_proj`,
    key: `${at}.self_attn.k_proj`,
    value: `${at}.self_attn.v_proj`,
    output: `${at}.self_attn.o_proj`,
    gate: `${at}.mlp.gate_proj`,
    up: `${at}.mlp.up_proj`,
    down: `${at}.mlp.down_proj`,
  };
};

/**
 * Cosine and sine of the angles at positions 0, 1, .. of sequences of the given lengths, [rows, D/2] each with one row
 * for each length (Su et al. 2021). Angles are rounded to float32, as in transformers.
 */
export function rotaryAngles(
  shape: RopeShape,
  rows: number,
  lengthAt: (position: number) => number,
): { cosine: Float32Array; sine: Float32Array } {
  const half = shape.headSize / 2;
  const scale = rotaryScale(shape);
  const cosine = new Float32Array(rows * half);
  const sine = new Float32Array(rows * half);
  let length = lengthAt(0);
  let steps = frequencies(shape, length);
  for (let position = 0; position < rows; position++) {
    if (lengthAt(position) !== length) {
      length = lengthAt(position);
      steps = frequencies(shape, length);
    }
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * steps[i]!);
      cosine[position * half + i] = scale * Math.cos(angle);
      sine[position * half + i] = scale * Math.sin(angle);
    }
  }
  return { cosine, sine };
}

/** The same as constants of a graph, with the negative sine that turns back. */
export function rotaryTables(
  shape: RopeShape,
  rows: number,
  lengthAt: (position: number) => number = () => rows,
): { cosine: Value; sine: Value; negativeSine: Value } {
  const { cosine, sine } = rotaryAngles(shape, rows, lengthAt);
  const table = (data: Float32Array) => constant(data, [rows, shape.headSize / 2]);
  return {
    cosine: table(cosine),
    sine: table(sine),
    negativeSine: table(sine.map((value) => -value)),
  };
}
