import { listSupportedBackends } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import * as g from '../graph/index.js';
import { initialWeights, type LlamaConfig } from '../hf/index.js';
import { Model, Trainer } from '../index.js';
import { availableProviders, type Provider, providers } from './provider.js';
import { Session, Tensor } from './session.js';

const config: LlamaConfig = {
  vocabSize: 11,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 8,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 32,
  tieEmbeddings: false,
};
const start = { config, weights: initialWeights(config, 1) };

test('lists what ONNX Runtime has, the CPU always', () => {
  const names = listSupportedBackends().map(({ name }) => name);
  expect(availableProviders()).toContain('cpu');
  expect(availableProviders().every((name) => names.includes(name))).toBe(true);
});

test('refuses what is not there, listing what is', async () => {
  // No platform has CoreML and DirectML both.
  const absent = providers.filter((name) => !availableProviders().includes(name));
  expect(absent.length).toBeGreaterThan(0);
  const refusal = {
    code: 'provider-unavailable',
    message: expect.stringContaining(availableProviders().join(', ')),
  };
  for (const provider of [...absent, 'gpu' as Provider]) {
    await expect(Model.open(start, { provider })).rejects.toMatchObject(refusal);
    await expect(Trainer.open(start, { provider })).rejects.toMatchObject(refusal);
  }
});

test('computes on a provider that is there, or says why not', async () => {
  const x = g.input('x', 'float32', [2]);
  for (const provider of availableProviders()) {
    try {
      const session = await Session.compile({ y: g.add(x, x) }, { provider });
      const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2), [2]) });
      expect([...(y!.data as Float32Array)]).toEqual([2, 4]);
      await session.release();
    } catch (error) {
      expect(provider).not.toBe('cpu');
      expect(error).toMatchObject({
        code: 'provider-failed',
        message: expect.stringContaining(availableProviders().join(', ')),
      });
    }
  }
});
