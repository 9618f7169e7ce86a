/** Predictions read by blocks against a look at each token, which is their oracle. */
import { describe, expect, test } from 'vitest';
import { logitsOf, strongWeights } from '../golden/index.js';
import * as g from '../graph/index.js';
import { blockOf, type LlamaConfig, withShares } from '../llama/index.js';
import { Session, Tensor } from '../onnx/index.js';
import { Model } from '../parallel/index.js';
import { ByToken, Memory, type Predictions, predict, type Use } from './predictions.js';
import { choice, uniform } from './random.js';

test('blocks are about as many as their tokens, of one length where there is such a length', () => {
  expect([500, 8192, 32_000, 49_152, 151_936, 262_144].map(blockOf)).toEqual([
    undefined,
    64,
    160,
    192,
    128,
    512,
  ]);
  // A prime number.
  expect(blockOf(32_009)).toBe(178);
});

describe.each([8200, 8209])('of %d tokens', (size) => {
  const rows = 5;
  /** Rows with equal largest logits, with a token that has all, with few that are ever drawn, and others. */
  const logits = Float32Array.from({ length: rows * size }, (_, i) => {
    const [row, token] = [Math.floor(i / size), i % size];
    if (row === 0) return token % 3000 === 77 ? 9 : -Math.floor(20 * uniform(0, i));
    if (row === 1) return token === size - 1 ? 500 : 10 * uniform(1, i);
    if (row === 2) return token < 4000 || token > 4010 ? -200 : uniform(2, i);
    return 8 * uniform(row, i) - 4;
  });

  async function computed(values: Float32Array, use: Use): Promise<Predictions> {
    const session = await Session.compile(
      withShares(g.scale(g.input('given', 'float32', ['rows', size]), 1)),
    );
    const feeds = { given: new Tensor('float32', values, [rows, size]) };
    const options = { place: 'step', shape: [rows], vocabSize: size, use } as const;
    return (await predict(session, feeds, new Memory(), options)).predictions;
  }

  test.each([0, 0.3, 1, 5])(
    'tokens at temperature %d are those of a look at each',
    async (temperature) => {
      const found = await computed(logits, { kind: 'draws', temperature, logprobs: true });
      const slow = new ByToken(size, temperature, logits);
      const wanted = { top: 3, of: [5, size - 1] };
      let apart = 0;
      for (let row = 0; row < rows; row++) {
        const [choose, chooseSlowly] = [found.choice(row), slow.choice(row)];
        for (let i = 0; i < 400; i++) {
          const random = i === 0 ? 0 : i === 1 ? 1 - 2 ** -32 : uniform(row, i);
          if (choose(random) !== chooseSlowly(random)) apart++;
        }
        expect(found.logprobs(row, 7, wanted)).toEqual(slow.logprobs(row, 7, wanted));
      }
      // Sums in another order: a number at the edge of a token's share may fall to its neighbour.
      expect(apart).toBeLessThanOrEqual(temperature === 0 ? 0 : 4);
    },
  );

  test('no token is drawn that has no share', async () => {
    const found = await computed(logits, { kind: 'draws', temperature: 1, logprobs: false });
    const choose = found.choice(2);
    for (let i = 0; i <= 1000; i++) {
      const token = choose(Math.min(i / 1000, 1 - 2 ** -32));
      expect(token).toBeGreaterThanOrEqual(4000);
      expect(token).toBeLessThanOrEqual(4010);
    }
  });

  test('log-probabilities are those of a look at each', async () => {
    const found = await computed(logits, { kind: 'scores' });
    const slow = new ByToken(size, 1, logits);
    for (let row = 0; row < rows; row++) {
      const [at, slowAt] = [found.logprob(row), slow.logprob(row)];
      for (let token = 0; token < size; token += 97) {
        expect(Math.abs(at(token) - slowAt(token))).toBeLessThan(
          1e-5 * Math.max(1, -slowAt(token)),
        );
      }
    }
  });

  test.each([NaN, Infinity, -Infinity])('%d among logits is an error', async (broken) => {
    const values = logits.slice();
    values[3 * size + 4321] = broken;
    const failed = expect.objectContaining({ code: 'not-finite' });
    for (const temperature of [0, 1]) {
      const found = await computed(values, { kind: 'draws', temperature, logprobs: false });
      expect(() => found.choice(3)).toThrow(failed);
      expect(() => found.choice(4)).not.toThrow();
    }
    const scores = await computed(values, { kind: 'scores' });
    expect(() => scores.logprob(3)).toThrow(failed);
  });
});

test('a model of a large vocabulary draws and scores what the uncached forward pass does', async () => {
  const config: LlamaConfig = {
    vocabSize: 8209,
    hiddenSize: 16,
    intermediateSize: 16,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    headSize: 8,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    maxPositions: 64,
    tieEmbeddings: true,
  };
  const weights = strongWeights(config, 5);
  const model = await Model.open({ config, weights }, { workers: 1, rows: 3 });
  const tokens = [5, 8000, 12, 700];
  const branches = [4, 4, 2, 3, 4].map((length, i) => ({ length, seed: i + 1 }));
  for (const temperature of [0, 0.8]) {
    const { completions } = await model.generate({
      contexts: [{ tokens, branches }],
      maxTokens: 3,
      temperature,
      stop: [],
    });
    for (const [i, { length, seed }] of branches.entries()) {
      const whole = tokens.slice(0, length);
      for (const [t, token] of completions[0]![i]!.tokens.entries()) {
        const logits = await logitsOf(config, weights, whole);
        const start = (whole.length - 1) * config.vocabSize;
        const choose = choice(logits, start, config.vocabSize, temperature);
        expect(token).toBe(choose(uniform(seed, t)));
        whole.push(token);
      }
    }
  }
  const logits = await logitsOf(config, weights, tokens);
  const slow = new ByToken(config.vocabSize, 1, logits);
  const items = [{ tokens, positions: [0, 2, 3] }];
  const scores = await model.score({ items, labels: [3, 8208] });
  scores[0]!.forEach((found, k) => {
    const at = slow.logprob(items[0]!.positions[k]!);
    expect(found[0]).toBeCloseTo(at(3), 4);
    expect(found[1]).toBeCloseTo(at(8208), 4);
  });
  await model.close();
});
