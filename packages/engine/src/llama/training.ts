/**
 * The Llama that is trained, and that scores trees: the function of `forward.ts`, which is its oracle, for any rows, each
 * of which is one position. Queries, keys and values are one product where nothing comes between, attention is one
 * operation, and the last layer's rest and the head are computed at the rows that are wanted.
 * Legend: N rows, P picked rows, d hidden, V vocabulary.
 */
import * as g from '../graph/index.js';
import type { RowAttention } from './attending.js';
import type { LlamaConfig } from './config.js';
import { eightProduct } from './eight.js';
import {
  headModule,
  joinedModule,
  joins,
  linearModules,
  type WeightValues,
  weight,
} from './layers.js';

/**
 * Logits [P, V]. Inputs of the graph beside the weights and those of the attention: `tokens` int64 [N], and `picked`
 * int64 [P], the rows that are wanted.
 */
export function trainedForward(
  config: LlamaConfig,
  weights: WeightValues,
  attention: RowAttention,
  adapterScale = 1,
): g.Value {
  const { heads, kvHeads, headSize, normEpsilon } = config;
  const picked = g.input('picked', 'int64', ['picked']);
  const norm = (x: g.Value, module: string) =>
    g.rmsNorm(x, weight(weights, `${module}.weight`), normEpsilon);
  const linear = (x: g.Value, module: string) => {
    let y =
      eightProduct(weights, module, x, module === headModule(config)) ??
      g.product(x, weight(weights, `${module}.weight`), { transposeB: true });
    const bias = weights.get(`${module}.bias`);
    if (bias) y = g.addRow(y, bias);
    const down = weights.get(`${module}.lora_A.weight`);
    if (!down) return y;
    const low = g.product(x, down, { transposeB: true });
    const up = weight(weights, `${module}.lora_B.weight`);
    return g.add(y, g.product(low, up, { transposeB: true, alpha: adapterScale }));
  };
  /** Each head normalised, where the architecture does that: [N, count * D] */
  const normalHeads = (x: g.Value, count: number, module: string) =>
    weights.has(`${module}.weight`)
      ? g.regroup(norm(g.regroup(x, 'heads', headSize), module), 'rows', count * headSize)
      : x;
  /** [N, (H + 2K) * D] */
  const attended = (x: g.Value, layer: number) => {
    const at = `model.layers.${layer}.self_attn`;
    const { query, key, value } = linearModules(layer);
    if (!config.headNorms && joins(weights, layer)) return linear(x, joinedModule(layer));
    return g.sideBySide([
      normalHeads(linear(x, query), heads, `${at}.q_norm`),
      normalHeads(linear(x, key), kvHeads, `${at}.k_norm`),
      linear(x, value),
    ]);
  };

  let x = g.embed(
    weight(weights, 'model.embed_tokens.weight'),
    g.input('tokens', 'int64', ['rows']),
  );
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const modules = linearModules(layer);
    // Nothing reads the other rows any more after the last attention.
    const last = layer === config.layers - 1;
    const qkv = attended(norm(x, `${at}.input_layernorm`), layer);
    const mixed = attention(qkv, last ? picked : undefined);
    if (last) x = g.embed(x, picked);
    x = g.add(x, linear(mixed, modules.output));
    const inner = norm(x, `${at}.post_attention_layernorm`);
    const gated = g.swiglu(linear(inner, modules.gate), linear(inner, modules.up));
    x = g.add(x, linear(gated, modules.down));
  }
  return linear(norm(x, 'model.norm'), headModule(config));
}
