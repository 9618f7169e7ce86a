/**
 * The Llama architecture without a cache, every step differentiable: the graph that is trained, and the oracle for
 * the cached one. Legend: B batch, T time, N = B * T rows, d hidden, H heads, D head size, V vocabulary.
 */
import * as g from '../graph/index.js';
import type { LlamaConfig } from '../hf/index.js';
import { headName, rotaryTables, type WeightValues, weight } from './layers.js';

/** A finite stand-in for minus infinity: exp() of it is 0 and no row can become NaN. */
const BLOCKED = -1e9;

/** tokens int64 [B * T], row-major by sequence -> logits [B * T, V]. Sequences are padded at their ends. */
export function forward(
  config: LlamaConfig,
  weights: WeightValues,
  tokens: g.Value,
  batch: number,
  time: number,
): g.Value {
  const { heads, kvHeads, headSize, normEpsilon } = config;
  const rows = batch * time;
  const tables = rotaryTables(config);
  // One offset for all rows: position t of every sequence is t.
  const positions = g.integers(0);
  const causal = g.constant(
    Float32Array.from({ length: time * time }, (_, i) =>
      i % time > Math.floor(i / time) ? BLOCKED : 0,
    ),
    [time, time],
  );
  const linear = (x: g.Value, name: string) =>
    g.product(x, weight(weights, name), { transposeB: true });
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
    const query = split(rotate(linear(normal, `${at}.self_attn.q_proj.weight`), heads), heads);
    const key = split(rotate(linear(normal, `${at}.self_attn.k_proj.weight`), kvHeads), kvHeads);
    const value = split(linear(normal, `${at}.self_attn.v_proj.weight`), kvHeads);
    const scores = g.product(query, g.repeatHeads(key, heads / kvHeads), {
      transposeB: true,
      alpha: 1 / Math.sqrt(headSize),
    }); // [B, H, T, T]
    const mixed = g.product(g.maskedSoftmax(scores, causal), g.repeatHeads(value, heads / kvHeads));
    const joined = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [rows, heads * headSize]);
    x = g.add(x, linear(joined, `${at}.self_attn.o_proj.weight`));

    const inner = g.rmsNorm(
      x,
      weight(weights, `${at}.post_attention_layernorm.weight`),
      normEpsilon,
    );
    const gated = g.swiglu(
      linear(inner, `${at}.mlp.gate_proj.weight`),
      linear(inner, `${at}.mlp.up_proj.weight`),
    );
    x = g.add(x, linear(gated, `${at}.mlp.down_proj.weight`));
  }
  const last = g.rmsNorm(x, weight(weights, 'model.norm.weight'), normEpsilon);
  return g.product(last, weight(weights, headName(config)), { transposeB: true });
}
