import { expect, test } from 'vitest';
import { initialWeights, type LlamaConfig } from '../llama/index.js';
import { Model } from './model.js';

const config: LlamaConfig = {
  vocabSize: 29,
  hiddenSize: 64,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 4,
  headSize: 16,
  ropeTheta: 10000,
  normEpsilon: 1e-5,
  maxPositions: 256,
  tieEmbeddings: false,
};

test('closing waits for the calls made before, and refuses others', async () => {
  const model = await Model.open({ config, weights: initialWeights(config, 1) }, { workers: 1 });
  const task = {
    contexts: [{ tokens: [1, 2], branches: [{ length: 2, seed: 1 }] }],
    temperature: 1,
    maxTokens: 200,
    stop: [],
  };
  const answer = model.generate(task);
  await model.close();
  expect((await answer).completions[0]![0]!.tokens).toHaveLength(200);
  await expect(model.generate(task)).rejects.toMatchObject({ code: 'closed' });
});
