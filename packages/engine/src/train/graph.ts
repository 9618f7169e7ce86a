/** The training graphs, one for each kind of micro-batch: parameters and a micro-batch of any shape in, loss and gradients out. */
import * as g from '../graph/index.js';
import {
  fixedPositions,
  type LlamaConfig,
  type ParameterEntry,
  paddedAttention,
  trainedForward,
  treeAttention,
  type WeightValues,
} from '../llama/index.js';
import { Tensor } from '../onnx/index.js';
import { angleFeeds, treeFeeds } from '../tree/index.js';
import type { MicroBatch } from './batch.js';
import type { PaddedBatch } from './padded.js';
import type { TreeBatch } from './trees.js';

/** What a training graph is of. */
export interface TrainingShape {
  readonly config: LlamaConfig;
  /** What is learned: the model's weights, or an adapter's beside the model's, which are `frozen` then. */
  readonly learned: readonly ParameterEntry[];
  readonly frozen?: WeightValues;
  readonly adapterScale?: number;
}

/**
 * Inputs: what is learned, those of `trainedForward` and its attention, and the targets: of padded sequences `targets` int64
 * [picked] and `weights` [picked], of trees those of `crossEntropyAt`.
 * Outputs: `loss` (a sum, not a mean) and one gradient per parameter, named `d:` + its name; loss alone if not `learning`.
 */
export function trainingGraph(
  { config, learned, frozen = new Map(), adapterScale }: TrainingShape,
  kind: MicroBatch['kind'],
  learning: boolean,
): Record<string, g.Value> {
  const parameters = learned.map(
    ({ name, shape }) => [name, g.input(name, 'float32', shape)] as const,
  );
  const attention = kind === 'tree' ? treeAttention(config) : paddedAttention(config);
  const weights = new Map([...frozen, ...parameters]);
  const loss = lossOf(trainedForward(config, weights, attention, adapterScale), kind);
  if (!learning) return { loss };
  const values = parameters.map(([, value]) => value);
  const gradients = g.gradients(loss, values, g.scalar(1));
  return {
    loss,
    ...Object.fromEntries(parameters.map(([name], i) => [`d:${name}`, gradients[i]!])),
  };
}

function lossOf(logits: g.Value, kind: MicroBatch['kind']): g.Value {
  const weights = (size: string) => g.input('weights', 'float32', [size]);
  if (kind === 'padded') {
    return g.crossEntropy(logits, g.input('targets', 'int64', ['picked']), weights('picked'));
  }
  return g.crossEntropyAt(
    logits,
    g.input('places', 'int64', ['targets', 2]),
    weights('targets'),
    g.input('totals', 'float32', ['picked', 1]),
  );
}

/** A micro-batch as inputs of the graph of its kind. */
export const batchFeeds = (config: LlamaConfig, work: MicroBatch): Record<string, Tensor> =>
  work.kind === 'tree' ? forTree(config, work) : forPadded(config, work);

function forTree(config: LlamaConfig, work: TreeBatch): Record<string, Tensor> {
  const { tree, picked, rows, targets, weights } = work;
  const places = new BigInt64Array(2 * rows.length);
  // The last of the picked rows is none of the tree's, and has no target.
  const totals = new Float32Array(picked.length + 1);
  rows.forEach((row, i) => {
    places[2 * i] = BigInt(row);
    places[2 * i + 1] = BigInt(targets[i]!);
    totals[row]! += weights[i]!;
  });
  return {
    ...treeFeeds(config, tree, picked, 'rows'),
    places: new Tensor('int64', places, [rows.length, 2]),
    weights: new Tensor('float32', weights, [rows.length]),
    totals: new Tensor('float32', totals, [totals.length, 1]),
  };
}

function forPadded(config: LlamaConfig, work: PaddedBatch): Record<string, Tensor> {
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
