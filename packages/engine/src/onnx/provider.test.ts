import { listSupportedBackends } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import * as g from '../graph/index.js';
import { availableProviders, checkProvider, type Provider, providers } from './provider.js';
import { Session, Tensor } from './session.js';

test('lists what ONNX Runtime has, the CPU always', () => {
  const names = listSupportedBackends().map(({ name }) => name);
  expect(availableProviders()).toContain('cpu');
  expect(availableProviders().every((name) => names.includes(name))).toBe(true);
});

test('refuses what is not there, listing what is', () => {
  // No platform has CoreML and DirectML both.
  const absent = providers.filter((name) => !availableProviders().includes(name));
  expect(absent.length).toBeGreaterThan(0);
  const refusal = {
    code: 'provider-unavailable',
    message: expect.stringContaining(availableProviders().join(', ')),
  };
  for (const provider of [...absent, 'gpu' as Provider]) {
    expect(() => checkProvider(provider)).toThrow(expect.objectContaining(refusal));
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
