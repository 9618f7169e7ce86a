import { expect, it } from 'vitest';
import type { LlamaConfig } from './config.js';
import { initialWeights, withFreshRows } from './initial.js';

const config: LlamaConfig = {
  vocabSize: 300,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 32,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 256,
  tieEmbeddings: false,
};

it('starts with the deviations of GPT-2 and norms of 1', () => {
  for (const [name, { shape, data }] of initialWeights(config, 1)) {
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    const deviation = Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length);
    if (shape.length === 1) {
      expect([mean, deviation], name).toEqual([1, 0]);
    } else {
      const expected = /o_proj|down_proj/.test(name) ? 0.01 : 0.02;
      expect(Math.abs(mean) / expected, name).toBeLessThan(0.06);
      expect(deviation / expected, name).toBeCloseTo(1, 1);
    }
  }
});

it('starts biases at 0', () => {
  const fresh = initialWeights({ ...config, attentionBias: 'qkv' }, 1);
  const bias = fresh.get('model.layers.0.self_attn.q_proj.bias');
  expect(bias!.data.every((value) => value === 0)).toBe(true);
});

it('depends on the seed alone', () => {
  expect(initialWeights(config, 5)).toEqual(initialWeights(config, 5));
  const first = (seed: number) => initialWeights(config, seed).get('lm_head.weight')!.data[0];
  expect(new Set([0, 1, 2, 2 ** 32, 2 ** 40].map(first)).size).toBe(5);
});

it('draws rows like those of the other tokens, from a seed, and leaves those', () => {
  const weights = initialWeights(config, 5);
  const table = weights.get('model.embed_tokens.weight')!.data;
  const width = config.hiddenSize;
  // Learned rows are large, and about a point of their own.
  for (let i = 0; i < table.length; i++) table[i] = 3 + 25 * table[i]!;
  const tokens = [7, 8, 250];
  for (const token of tokens) table.fill(0, token * width, (token + 1) * width);
  const fresh = withFreshRows(weights, tokens, 9);
  expect(withFreshRows(weights, tokens, 9)).toEqual(fresh);
  const found = fresh.get('model.embed_tokens.weight')!.data;
  const drawn = tokens.flatMap((token) => [...found.slice(token * width, (token + 1) * width)]);
  const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
  const deviation = Math.sqrt(drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length);
  expect(mean).toBeCloseTo(3, 0);
  expect(deviation).toBeGreaterThan(0.4);
  expect(deviation).toBeLessThan(0.6);
  expect(new Set(drawn).size).toBe(drawn.length);
  for (const [name, { data }] of fresh) {
    const old = weights.get(name)!.data;
    const differ = [...data.keys()]
      .filter((i) => data[i] !== old[i])
      .map((i) => Math.floor(i / width));
    const tables = ['model.embed_tokens.weight', 'lm_head.weight'];
    expect([...new Set(differ)], name).toEqual(tables.includes(name) ? tokens : []);
  }
  // What was given is as it was.
  expect(table[7 * width]).toBe(0);
});
