/** The Llama that scores trees: that of `training.ts`, with weights that stay as they are. */
import type { Value } from '../graph/index.js';
import { treeAttention } from './attending.js';
import type { LlamaConfig } from './config.js';
import type { WeightValues } from './layers.js';
import { withPicked } from './picked.js';
import { trainedForward } from './training.js';

/** Outputs: `logits` [picked, V] and what `withPicked` adds. Inputs: those of `treeFeeds`, and those among the weights. */
export const treeGraph = (
  config: LlamaConfig,
  weights: WeightValues,
  adapterScale?: number,
): Record<string, Value> =>
  withPicked(trainedForward(config, weights, treeAttention(config), adapterScale));
