import { describe, expect, it } from 'vitest';
import { logitsOf, strongWeights } from '../golden/index.js';
import type { LlamaConfig } from '../llama/index.js';
import { buildTokenizer } from './build.js';
import { withSpecialTokens } from './extend.js';
import { openTokenizer } from './tokenizer.js';

const tokenizer = buildTokenizer({ texts: ['Fay has 3 apples.'], special: ['<s>', '</s>'] });
const { size, encode } = openTokenizer(tokenizer);
const config: LlamaConfig = {
  vocabSize: size,
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 1,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 48,
  tieEmbeddings: false,
  bosToken: 0,
  eosToken: 1,
};
const special = ['<|bos|>', '<|eos|>', '<|tag|>'];

describe.each([[false], [true]])('with tied embeddings: %s', (tieEmbeddings) => {
  const shape = { ...config, tieEmbeddings };
  const checkpoint = { config: shape, weights: strongWeights(shape, 1), tokenizer };

  it('a model has rows for tokens that it lacked, and the logits that it had', async () => {
    const more = withSpecialTokens(checkpoint, special, 0);
    expect(more.config).toEqual({ ...shape, vocabSize: size + 3 });
    expect(openTokenizer(more.tokenizer).id('<|tag|>')).toBe(size + 2);
    const tokens = [0, ...encode('Fay has 7.')];
    const before = await logitsOf(shape, checkpoint.weights, tokens);
    const after = await logitsOf(more.config, more.weights, tokens);
    const row = (logits: Float32Array, width: number, at: number) =>
      [...logits.subarray(at * width, at * width + size)].map((value) => value.toFixed(4));
    for (const at of tokens.keys()) expect(row(after, size + 3, at)).toEqual(row(before, size, at));
    const rows = more.weights.get('model.embed_tokens.weight')!.data.subarray(size * 32);
    // Each another, as large as the others.
    const norms = [0, 1, 2].map((i) => Math.hypot(...rows.subarray(32 * i, 32 * i + 32)));
    expect(new Set(norms).size).toBe(3);
    for (const norm of norms) expect(norm / (12 * 0.02 * Math.sqrt(32))).toBeCloseTo(1, 0);
    expect(withSpecialTokens(checkpoint, special, 0).weights).toEqual(more.weights);
    expect(withSpecialTokens(more, special, 0)).toBe(more);
  });

  it('new tokens take over what the model has learned of its own', async () => {
    const more = withSpecialTokens(checkpoint, special, 0, { '<|eos|>': 1, '<|bos|>': undefined });
    const table = tieEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
    const row = (weights: typeof more.weights, id: number) =>
      weights.get(table)!.data.slice(id * 32, id * 32 + 32);
    expect(row(more.weights, size + 1)).toEqual(row(checkpoint.weights, 1));
    expect(row(more.weights, 1)).not.toEqual(row(checkpoint.weights, 1));
    expect(row(more.weights, 2)).toEqual(row(checkpoint.weights, 2));
  });
});

it('takes rows that only filled the embedding up, before it makes new ones', () => {
  const wide = { ...config, vocabSize: size + 2 };
  const more = withSpecialTokens(
    { config: wide, weights: strongWeights(wide, 1), tokenizer },
    special,
    0,
  );
  expect(more.config.vocabSize).toBe(size + 3);
  expect(more.weights.get('lm_head.weight')!.shape).toEqual([size + 3, 32]);
});
