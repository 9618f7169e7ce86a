/** The training graph: parameters and a micro-batch of any shape in, loss and gradients out. */
import * as g from '../graph/index.js';
import {
  fixedPositions,
  type LlamaConfig,
  type ParameterEntry,
  rotaryAngles,
  trainedForward,
} from '../llama/index.js';
import { Tensor } from '../onnx/index.js';
import type { MicroBatch } from './batch.js';

/** What a training graph is of. */
export interface TrainingShape {
  readonly config: LlamaConfig;
  /** What is learned: the model's weights, or an adapter's beside the model's, which are `frozen` inputs then. */
  readonly learned: readonly ParameterEntry[];
  readonly frozen?: readonly ParameterEntry[];
  readonly adapterScale?: number;
}

/**
 * Inputs: the weights, those of `trainedForward`, and `targets` int64 [picked], `weights` [picked] of the picked rows.
 * Outputs: `loss` (a sum, not a mean) and one gradient per parameter, named `d:` + its name; loss alone if not `learning`.
 */
export function trainingGraph(
  { config, learned, frozen = [], adapterScale }: TrainingShape,
  learning: boolean,
): Record<string, g.Value> {
  const inputs = (entries: readonly ParameterEntry[]) =>
    entries.map(({ name, shape }) => [name, g.input(name, 'float32', shape)] as const);
  const parameters = inputs(learned);
  const logits = trainedForward(config, new Map([...parameters, ...inputs(frozen)]), adapterScale);
  const loss = g.crossEntropy(
    logits,
    g.input('targets', 'int64', ['picked']),
    g.input('weights', 'float32', ['picked']),
  );
  if (!learning) return { loss };
  const values = parameters.map(([, value]) => value);
  const gradients = g.gradients(loss, values, g.scalar(1));
  return {
    loss,
    ...Object.fromEntries(parameters.map(([name], i) => [`d:${name}`, gradients[i]!])),
  };
}

/** A micro-batch as inputs of the graph. */
export function batchFeeds(config: LlamaConfig, work: MicroBatch): Record<string, Tensor> {
  const { batch, time, tokens, picked, targets, weights } = work;
  return {
    tokens: new Tensor('int64', tokens, [batch * time]),
    picked: new Tensor('int64', picked, [picked.length]),
    targets: new Tensor('int64', targets, [picked.length]),
    weights: new Tensor('float32', weights, [picked.length]),
    grid: new Tensor('int64', BigInt64Array.of(BigInt(batch), BigInt(time), -1n), [3]),
    last: new Tensor('int32', new Int32Array(batch).fill(time - 1), [batch]),
    total: new Tensor('int32', Int32Array.of(time), [1]),
    ...(fixedPositions(config) < Infinity && angleFeeds(config, time)),
  };
}

/** The angles of sequences of `time` positions, where they depend on it. */
function angleFeeds(config: LlamaConfig, time: number): Record<string, Tensor> {
  const { cosine, sine } = rotaryAngles(config, time, () => time);
  const table = (data: Float32Array) => new Tensor('float32', data, [time, config.headSize / 2]);
  return {
    cosine: table(cosine),
    sine: table(sine),
    negativeSine: table(sine.map((value) => -value)),
  };
}
