import { expect, it } from 'vitest';
import { initialWeights, type LlamaConfig, type Weights } from '../llama/index.js';
import { uniform } from '../sample/index.js';
import type { Example } from '../train/index.js';
import { distinctPositions } from '../tree/index.js';
import { Trainer, type TrainerOptions } from './trainer.js';

const config: LlamaConfig = {
  vocabSize: 40,
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 256,
  tieEmbeddings: false,
};
const start = { config, weights: initialWeights(config, 1) };
const text = (seed: number, length: number): number[] =>
  Array.from({ length }, (_, i) => Math.floor(uniform(seed, i) * config.vocabSize));

/** A reward model's batch: two or three tagged samples of each of six problems, 16 in all, of which some part late. */
const batch = Array.from({ length: 6 }, (_, problem) => {
  const question = text(problem, 50 + 3 * problem);
  const first = text(100 + problem, 70);
  return Array.from({ length: problem < 4 ? 3 : 2 }, (_, i): Example => {
    const solution = [...first.slice(0, i * 20), ...text(1000 * i + problem, 70 - 20 * i)];
    const tokens = [...question, ...solution];
    return { tokens, targets: tokens.map((_, t) => (t % 14 === 13 ? (t + i) % 2 : -1)) };
  });
}).flat();

async function trained(options: TrainerOptions) {
  const trainer = await Trainer.open(start, options);
  const reports = [];
  for (let step = 0; step < 3; step++) reports.push(await trainer.step(batch, 1e-3));
  const loss = await trainer.loss(batch);
  const weights = trainer.weights();
  await trainer.close();
  return { reports, loss, weights };
}

const farthest = (a: Weights, b: Weights): number =>
  Math.max(
    ...[...a].map(([name, { data }]) =>
      data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.get(name)!.data[i]!)), 0),
    ),
  );

it('learns from trees what it learns from separate sequences, computing each beginning once', async () => {
  const [trees, separate] = [
    await trained({ workers: 2 }),
    await trained({ workers: 2, trees: false }),
  ];
  const distinct = distinctPositions(batch.map(({ tokens }) => tokens));
  trees.reports.forEach((report, i) => {
    const other = separate.reports[i]!;
    expect(Math.abs(report.loss / other.loss - 1)).toBeLessThan(1e-5);
    expect(Math.abs(report.gradientNorm / other.gradientNorm - 1)).toBeLessThan(1e-4);
    expect(report.tokens).toBe(other.tokens);
    expect(report.computed / distinct).toBeLessThanOrEqual(1.05);
    expect(other.computed).toBeGreaterThanOrEqual(other.tokens);
  });
  expect(Math.abs(trees.loss / separate.loss - 1)).toBeLessThan(1e-4);
  expect(farthest(trees.weights, separate.weights)).toBeLessThan(1e-4);
});

it('learns the same bits each time', async () => {
  const [one, again] = [await trained({ workers: 2 }), await trained({ workers: 2 })];
  expect(again.reports).toEqual(one.reports);
  expect(farthest(again.weights, one.weights)).toBe(0);
});
