/** The trained graph against the plain one: the same loss and gradients, for every kind of model, whatever the shape. */
import { describe, expect, test } from 'vitest';
import { frozenOf, relativeError, strongAdapter, strongWeights } from '../golden/index.js';
import * as g from '../graph/index.js';
import {
  type Adapter,
  adapterLayoutOf,
  flatten,
  forward,
  frozenValues,
  type LlamaConfig,
  layoutOf,
  trainedEntries,
  type Weights,
} from '../llama/index.js';
import { Session, Tensor } from '../onnx/index.js';
import { uniform } from '../sample/index.js';
import type { Example } from './example.js';
import { batchFeeds, trainingGraph } from './graph.js';
import { dealtPadded } from './padded.js';

const base: LlamaConfig = {
  vocabSize: 23,
  hiddenSize: 32,
  intermediateSize: 40,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 32,
  tieEmbeddings: false,
};
const kinds: Record<string, LlamaConfig> = {
  'grouped queries': base,
  'a key-value head for each, tied': { ...base, kvHeads: 4, tieEmbeddings: true },
  'one layer': { ...base, layers: 1 },
  'biases as in Qwen2': { ...base, attentionBias: 'qkv' },
  'biases everywhere': { ...base, attentionBias: 'qkvo', mlpBias: true },
  'norms of heads as in Qwen3': { ...base, headNorms: true },
  'positions that follow the length': {
    ...base,
    maxPositions: 8,
    ropeScaling: { type: 'dynamic', factor: 4 },
  },
};

const sequence = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => Math.floor(uniform(seed, i) * base.vocabSize));

/** Targets at some places alone, with weights. */
const examples = [11, 9, 4].map((length, row): Example => {
  const tokens = sequence(length, row);
  return {
    tokens,
    targets: sequence(length, row + 9).map((id, t) => ((t + row) % 3 === 0 ? id : -1)),
    weights: tokens.map((_, t) => 0.5 + (t % 2)),
  };
});

const micro = dealtPadded(examples, 1)[0]![0]!;

const feed = (name: string, data: Float32Array, shape: readonly number[]) => [
  name,
  new Tensor('float32', data, shape),
];

/** Loss and flat gradients by the plain graph, of the weights or of the adapter beside them. */
async function expected(config: LlamaConfig, weights: Weights, adapter?: Adapter) {
  const learned = adapter ? adapterLayoutOf(config, adapter) : layoutOf(config);
  const all = new Map([...weights, ...(adapter?.weights ?? [])]);
  const values = new Map(
    [...all].map(([name, { shape }]) => [name, g.input(name, 'float32', shape)]),
  );
  const { batch, time, tokens, picked, targets, weights: shares } = micro;
  const logits = forward(
    config,
    values,
    g.constant(tokens, [batch * time]),
    batch,
    time,
    adapter && adapter.alpha / adapter.rank,
  );
  const count = picked.length;
  const loss = g.crossEntropy(
    g.embed(logits, g.constant(picked, [count])),
    g.constant(targets, [count]),
    g.constant(shares, [count]),
  );
  const inputs = learned.entries.map(({ name }) => values.get(name)!);
  const gradients = g.gradients(loss, inputs, g.scalar(1));
  const session = await Session.compile({
    loss,
    ...Object.fromEntries(gradients.map((value, i) => [`d${i}`, value])),
  });
  const outputs = await session.run(
    Object.fromEntries([...all].map(([name, { shape, data }]) => feed(name, data, shape))),
  );
  await session.release();
  const flat = new Float32Array(learned.size);
  learned.entries.forEach(({ start }, i) => {
    flat.set(outputs[`d${i}`]!.data as Float32Array, start);
  });
  return { loss: outputs.loss!.data[0] as number, gradient: flat, learned };
}

/** The same by the graph that is trained. */
async function found(config: LlamaConfig, weights: Weights, adapter?: Adapter) {
  const layout = adapter ? adapterLayoutOf(config, adapter) : layoutOf(config);
  const learned = adapter ? layout.entries : trainedEntries(config);
  const session = await Session.compile(
    trainingGraph(
      {
        config,
        learned,
        ...(adapter && {
          frozen: frozenValues(config, frozenOf(config, weights)),
          adapterScale: adapter.alpha / adapter.rank,
        }),
      },
      'padded',
      true,
    ),
  );
  const vector = new Float32Array(layout.size);
  flatten(layout, adapter?.weights ?? weights, vector);
  const outputs = await session.run({
    ...Object.fromEntries(
      learned.map(({ name, shape, start, end }) => feed(name, vector.subarray(start, end), shape)),
    ),
    ...batchFeeds(config, micro),
  });
  await session.release();
  const flat = new Float32Array(layout.size);
  for (const { name, start } of learned) {
    flat.set(outputs[`d:${name}`]!.data as Float32Array, start);
  }
  return { loss: outputs.loss!.data[0] as number, gradient: flat };
}

async function compare(config: LlamaConfig, adapter?: Adapter) {
  const weights = strongWeights(config, 7);
  const oracle = await expected(config, weights, adapter);
  const { loss, gradient } = await found(config, weights, adapter);
  expect(loss).toBeCloseTo(oracle.loss, 3);
  for (const { name, start, end } of oracle.learned.entries) {
    const error = relativeError(
      gradient.subarray(start, end),
      oracle.gradient.subarray(start, end),
    );
    // The gradient of keys' biases is nothing but rounding: softmax does not see them.
    if (!name.endsWith('k_proj.bias') || config.headNorms) expect(error, name).toBeLessThan(1e-4);
  }
}

describe.each(Object.entries(kinds))('%s', (_, config) => {
  test('loss and gradients are those of the plain graph', () => compare(config));
});

test('so are those of an adapter, on attention and beside it', async () => {
  const shape = { rank: 3, alpha: 6 };
  for (const modules of [
    ['q_proj', 'v_proj'],
    ['o_proj', 'gate_proj', 'down_proj'],
  ] as const) {
    await compare(base, strongAdapter(base, { ...shape, modules }, 3));
  }
});
