/** The Llama that scores trees: that of `training.ts`, with weights as constants, which ONNX Runtime packs once. */
import * as g from '../graph/index.js';
import { treeAttention } from './attending.js';
import type { LlamaConfig } from './config.js';
import { flatten, joinedEntries, layoutOf } from './parameters.js';
import { trainedForward } from './training.js';
import type { Weights } from './weights.js';

/**
 * Output: `logits` [picked, V]. Inputs: those of `treeFeeds`. An adapter's `lora_A`, `lora_B` among the weights add B A x to
 * their module, so its factor is in B.
 */
export function treeGraph(config: LlamaConfig, weights: Weights): Record<string, g.Value> {
  const layout = layoutOf(config);
  const flat = new Float32Array(layout.size);
  flatten(layout, weights, flat);
  const adapter = [...weights].filter(([name]) => /\.lora_[AB]\.weight$/.test(name));
  const adapted = adapter.map(([name]) => name.split('.').at(-3) ?? '');
  const constants = joinedEntries(config, layout, adapted).map(
    ({ name, shape, start, end }) => [name, g.constant(flat.subarray(start, end), shape)] as const,
  );
  const own = adapter.map(([name, { shape, data }]) => [name, g.constant(data, shape)] as const);
  return {
    logits: trainedForward(config, new Map([...constants, ...own]), treeAttention(config)),
  };
}
