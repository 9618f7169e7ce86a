/** The training graph of one shape: parameters and a micro-batch in, loss and gradients out. */
import * as g from '../graph/index.js';
import type { LlamaConfig } from '../hf/index.js';
import { forward } from '../llama/forward.js';
import type { ParameterLayout } from '../llama/parameters.js';

/** The shapes of a training graph. */
export interface TrainingShape {
  readonly config: LlamaConfig;
  /** What is learned: the model's weights, or an adapter's beside the model's, which are `frozen` inputs then. */
  readonly learned: ParameterLayout;
  readonly frozen?: ParameterLayout;
  readonly adapterScale?: number;
}

/** Outputs `loss` (a sum, not a mean) and one gradient per parameter, named `d:` + its name; loss alone if not `learning`. */
export function trainingGraph(
  { config, learned, frozen, adapterScale }: TrainingShape,
  batch: number,
  time: number,
  learning: boolean,
): Record<string, g.Value> {
  const rows = batch * time;
  const inputs = (layout: ParameterLayout) =>
    layout.entries.map(({ name, shape }) => [name, g.input(name, 'float32', shape)] as const);
  const parameters = inputs(learned);
  const weights = new Map([...parameters, ...(frozen ? inputs(frozen) : [])]);
  const tokens = g.input('tokens', 'int64', [rows]);
  const logits = forward(config, weights, tokens, batch, time, adapterScale);
  const loss = g.crossEntropy(
    logits,
    g.input('targets', 'int64', [rows]),
    g.input('weights', 'float32', [rows]),
  );
  if (!learning) return { loss };
  const values = parameters.map(([, value]) => value);
  const gradients = g.gradients(loss, values, g.scalar(1));
  return {
    loss,
    ...Object.fromEntries(parameters.map(([name], i) => [`d:${name}`, gradients[i]!])),
  };
}
