/** Weights in a file that all threads map, against weights in memory, which are their oracle. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { strongAdapter, strongWeights } from '../golden/index.js';
import type { AdapterShape, LlamaConfig } from '../llama/index.js';
import { nextTokenExample } from '../train/index.js';
import { type Bits, Held } from './held.js';
import { Model } from './model.js';
import { Trainer } from './trainer.js';

/** Tied, with biases and norms of heads: whatever lies in the file. */
const config: LlamaConfig = {
  vocabSize: 37,
  hiddenSize: 48,
  intermediateSize: 80,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 128,
  tieEmbeddings: true,
  attentionBias: 'qkvo',
};
const shape: AdapterShape = { rank: 3, alpha: 6, modules: ['q_proj', 'o_proj', 'down_proj'] };
const tokens = Array.from({ length: 30 }, (_, i) => (i * i * 5 + 3) % config.vocabSize);

async function found(model: Parameters<typeof Model.open>[0], bits?: Bits) {
  const opened = await Model.open(model, { workers: 2, rows: 4, bits });
  const { completions } = await opened.generate({
    contexts: [{ tokens, branches: [1, 2, 3].map((seed) => ({ length: 8, seed })) }],
    maxTokens: 20,
    temperature: 0.5,
    stop: [],
  });
  const scores = await opened.score({
    items: [{ tokens, positions: [0, 17, 29] }],
    labels: [1, 2],
  });
  await opened.close();
  return { completions, scores: scores.flat(2) };
}

test('models on the same weights hold them in one file, and compute what they do in memory', async () => {
  const models = () => {
    const weights = strongWeights(config, 1);
    return [1, 2].map((seed) => ({ config, weights, adapter: strongAdapter(config, shape, seed) }));
  };
  const inMemory = await Promise.all(models().map((model) => found(model)));
  const [one, other] = models();
  const held = Held.of(one!, { mostInMemory: 0 });
  const { file } = await held.inBits(32, one!);
  const plain = { config, weights: one!.weights };
  const [alone, ...inFile] = await Promise.all([plain, one!, other!].map((model) => found(model)));
  inFile.forEach(({ completions, scores }, i) => {
    expect(completions).toEqual(inMemory[i]!.completions);
    scores.forEach((score, k) => {
      expect(score).toBeCloseTo(inMemory[i]!.scores[k]!, 4);
    });
  });
  expect(inMemory[1]!.scores).not.toEqual(inMemory[0]!.scores);
  expect(alone!.scores).not.toEqual(inFile[0]!.scores);

  const trained = async (given: typeof one) => {
    const trainer = await Trainer.open(given!, { workers: 2 });
    const batch = [nextTokenExample(tokens, 1), nextTokenExample(tokens.slice(5), 1)];
    const losses = [];
    for (let i = 0; i < 3; i++) losses.push((await trainer.step(batch, 1e-2)).loss);
    await trainer.close();
    return losses;
  };
  const expected = await trained(models()[0]);
  (await trained(one)).forEach((loss, i) => {
    expect(loss).toBeCloseTo(expected[i]!, 4);
  });
  expect(existsSync(file!)).toBe(true);
  await held.release();
  expect(existsSync(dirname(file!))).toBe(false);
});

test('in 8 bits they compute the same in memory and in a file, and nearly what 32 bits give', async () => {
  // A side of the perceptrons is more than one block, the head is not the embedding, and norms of heads come between.
  const large: LlamaConfig = {
    ...config,
    intermediateSize: 1296,
    tieEmbeddings: false,
    headNorms: true,
    mlpBias: true,
  };
  const model = () => ({
    config: large,
    weights: strongWeights(large, 1),
    adapter: strongAdapter(large, shape, 1),
  });
  const exact = await found(model());
  const inMemory = await found(model(), 8);
  const one = model();
  // Bytes without a sign, which some processors need, beside bytes with one.
  const held = Held.of(one, { mostInMemory: 0, signed: false });
  const { file, eight } = await held.inBits(8, one);
  const inFile = await found(one, 8);
  expect(inFile.completions).toEqual(inMemory.completions);
  inFile.scores.forEach((score, i) => {
    expect(score / inMemory.scores[i]!).toBeCloseTo(1, 1);
  });
  const error = Math.hypot(...inFile.scores.map((score, i) => score - exact.scores[i]!));
  const relative = error / Math.hypot(...exact.scores);
  expect(relative).toBeLessThan(0.1);
  expect(relative).toBeGreaterThan(0);

  const trained = async (given: typeof one, bits: Bits) => {
    const trainer = await Trainer.open(given, { workers: 2, bits });
    const batch = [nextTokenExample(tokens, 1), nextTokenExample(tokens.slice(5), 1)];
    const losses = [];
    for (let i = 0; i < 20; i++) losses.push((await trainer.step(batch, 1e-2)).loss);
    await trainer.close();
    return losses;
  };
  const [wide, narrow, mapped] = [
    await trained(model(), 32),
    await trained(model(), 8),
    await trained(one, 8),
  ];
  narrow.slice(0, 3).forEach((loss, i) => {
    // What differs in the last place may be rounded to the next number of 8 bits.
    expect(loss / mapped[i]!).toBeCloseTo(1, 1);
  });
  expect(narrow).not.toEqual(wide);
  // Both learn the batch as fast.
  expect(wide.at(-1)).toBeLessThan(0.6 * wide[0]!);
  expect(narrow.at(-1)! / wide.at(-1)!).toBeLessThan(1.1);
  await held.release();
  for (const path of [file!, join(dirname(file!), 'eight')]) expect(existsSync(path)).toBe(false);
  expect(eight).toEqual({ signed: false, file: join(dirname(file!), 'eight') });

  // Nothing is kept of what failed: the next one makes it.
  const again = Held.of(one, { mostInMemory: 0 });
  const { file: place } = await again.inBits(32, one);
  mkdirSync(join(dirname(place!), 'eight'));
  await expect(again.inBits(8, one)).rejects.toMatchObject({ code: 'weights-unwritten' });
  rmSync(join(dirname(place!), 'eight'), { recursive: true, force: true });
  expect(await again.inBits(8, one)).toHaveProperty('eight.file');
  await again.release();

  for (const bits of [16, '8'] as never[]) {
    await expect(Model.open(one, { bits })).rejects.toMatchObject({ code: 'bits' });
  }
  const { adapter: _, ...all } = model();
  await expect(Trainer.open(all, { bits: 8 })).rejects.toMatchObject({ code: 'bits' });
});

test('weights that are missing are refused, and leave nothing held', async () => {
  const weights = strongWeights(config, 1);
  const norm = weights.get('model.norm.weight')!;
  weights.delete('model.norm.weight');
  const refusal = { code: 'weights', message: expect.stringContaining('model.norm.weight') };
  await expect(Model.open({ config, weights })).rejects.toMatchObject(refusal);
  const held = Held.of({ config, weights }, { mostInMemory: 0 });
  await expect(held.inBits(32, { config, weights })).rejects.toMatchObject(refusal);
  await held.release();
  weights.set('model.norm.weight', norm);
  const model = await Model.open({ config, weights }, { workers: 1 });
  await model.close();
});
