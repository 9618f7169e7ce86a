/** What the training graph and the cached inference graph of a Llama have in common. */
import { constant, type Value } from '../graph/index.js';
import type { LlamaConfig } from './config.js';
import { type RopeShape, rotaryAngles } from './rope.js';

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

/** Queries, keys and values of a layer as one module. */
export const joinedModule = (layer: number): string => `model.layers.${layer}.self_attn.qkv_proj`;

/** Whether one product can compute a layer's queries, keys and values: the weights are there so, and no adapter is between. */
export function joins(weights: WeightValues, layer: number): boolean {
  const { query, key, value } = linearModules(layer);
  return (
    weights.has(`${joinedModule(layer)}.weight`) &&
    ![query, key, value].some((module) => weights.has(`${module}.lora_A.weight`))
  );
}

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

/** `rotaryAngles` as constants of a graph, with the negative sine that turns back. */
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
