/**
 * The Llama architecture as plainly as it can be written, every step differentiable: the oracle for the graph that is
 * trained and for those with a cache. Legend: B batch, T time, N = B * T rows, d hidden, H heads, D head size, V vocabulary.
 */
import * as g from '../graph/index.js';
import type { LlamaConfig } from './config.js';
import { headModule, linearModules, rotaryTables, type WeightValues, weight } from './layers.js';

/** A finite stand-in for minus infinity: exp() of it is 0 and no row can become NaN. */
const BLOCKED = -1e9;

/**
 * tokens int64 [B * T], row-major by sequence -> logits [B * T, V]. Sequences are padded at their ends; where positions
 * depend on a sequence's length, that is T. Weights `lora_A`, `lora_B` of a module add `adapterScale` B A x to it.
 */
export function forward(
  config: LlamaConfig,
  weights: WeightValues,
  tokens: g.Value,
  batch: number,
  time: number,
  adapterScale = 1,
): g.Value {
  const { heads, kvHeads, headSize, normEpsilon } = config;
  const rows = batch * time;
  const tables = rotaryTables(config, time);
  // One offset for all rows: position t of every sequence is t.
  const positions = g.integers(0);
  const causal = g.constant(
    Float32Array.from({ length: time * time }, (_, i) =>
      i % time > Math.floor(i / time) ? BLOCKED : 0,
    ),
    [time, time],
  );
  const linear = (x: g.Value, module: string) => {
    let y = g.product(x, weight(weights, `${module}.weight`), { transposeB: true });
    const bias = weights.get(`${module}.bias`);
    if (bias) y = g.addRow(y, bias);
    const down = weights.get(`${module}.lora_A.weight`);
    if (!down) return y;
    const low = g.product(x, down, { transposeB: true });
    const up = weight(weights, `${module}.lora_B.weight`);
    return g.add(y, g.product(low, up, { transposeB: true, alpha: adapterScale }));
  };
  /** Each head normalised, where the architecture does that: [N, count * D] */
  const normalHeads = (x: g.Value, count: number, module: string) => {
    const norm = weights.get(`${module}.weight`);
    if (!norm) return x;
    const apart = g.reshape(x, [rows * count, headSize]);
    return g.reshape(g.rmsNorm(apart, norm, normEpsilon), [rows, count * headSize]);
  };
  /** [N, count * D] -> [B, count, T, D] */
  const split = (x: g.Value, count: number) =>
    g.transpose(g.reshape(x, [batch, time, count, headSize]), [0, 2, 1, 3]);
  const rotate = (x: g.Value, count: number) =>
    g.reshape(
      g.rotary(
        g.reshape(x, [batch, time, count * headSize]),
        positions,
        tables.cosine,
        tables.sine,
        tables.negativeSine,
      ),
      [rows, count * headSize],
    );

  let x = g.embed(weight(weights, 'model.embed_tokens.weight'), tokens);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const normal = g.rmsNorm(x, weight(weights, `${at}.input_layernorm.weight`), normEpsilon);
    const modules = linearModules(layer);
    const queries = normalHeads(linear(normal, modules.query), heads, `${at}.self_attn.q_norm`);
    const keys = normalHeads(linear(normal, modules.key), kvHeads, `${at}.self_attn.k_norm`);
    const query = split(rotate(queries, heads), heads);
    const key = split(rotate(keys, kvHeads), kvHeads);
    const value = split(linear(normal, modules.value), kvHeads);
    const scores = g.product(query, g.repeatHeads(key, heads / kvHeads), {
      transposeB: true,
      alpha: 1 / Math.sqrt(headSize),
    }); // [B, H, T, T]
    const mixed = g.product(g.maskedSoftmax(scores, causal), g.repeatHeads(value, heads / kvHeads));
    const joined = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [rows, heads * headSize]);
    x = g.add(x, linear(joined, modules.output));

    const inner = g.rmsNorm(
      x,
      weight(weights, `${at}.post_attention_layernorm.weight`),
      normEpsilon,
    );
    const gated = g.swiglu(linear(inner, modules.gate), linear(inner, modules.up));
    x = g.add(x, linear(gated, modules.down));
  }
  const last = g.rmsNorm(x, weight(weights, 'model.norm.weight'), normEpsilon);
  return linear(last, headModule(config));
}
