/** The training graph of one shape: parameters and a micro-batch in, loss and gradients out. */
import * as g from '../graph/index.js';
import type { LlamaConfig } from '../hf/index.js';
import { forward } from '../llama/forward.js';
import type { ParameterLayout } from '../llama/parameters.js';

/** Outputs `loss` (a sum, not a mean) and one gradient per parameter, named `d:` + its name; loss alone if not `learning`. */
export function trainingGraph(
  config: LlamaConfig,
  layout: ParameterLayout,
  batch: number,
  time: number,
  learning: boolean,
): Record<string, g.Value> {
  const rows = batch * time;
  const weights = new Map(
    layout.entries.map(({ name, shape }) => [name, g.input(name, 'float32', shape)]),
  );
  const logits = forward(config, weights, g.input('tokens', 'int64', [rows]), batch, time);
  const loss = g.crossEntropy(
    logits,
    g.input('targets', 'int64', [rows]),
    g.input('weights', 'float32', [rows]),
  );
  if (!learning) return { loss };
  const gradients = g.gradients(loss, [...weights.values()], g.scalar(1));
  return {
    loss,
    ...Object.fromEntries(layout.entries.map(({ name }, i) => [`d:${name}`, gradients[i]!])),
  };
}
