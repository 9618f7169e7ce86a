/** What the graph picks from a large vocabulary against a look at each token, which is its oracle. */
import { describe, expect, test } from 'vitest';
import { logitsOf, strongWeights } from '../golden/index.js';
import * as g from '../graph/index.js';
import { blockOf, type LlamaConfig, withPicked } from '../llama/index.js';
import { Session, Tensor } from '../onnx/index.js';
import { Model } from '../parallel/index.js';
import { Looked, type Predictions, predict, type Wanted } from './predictions.js';
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

  async function computed(values: Float32Array, wanted: Wanted): Promise<Predictions> {
    const session = await Session.compile(
      withPicked(g.scale(g.input('given', 'float32', ['rows', size]), 1)),
    );
    const feeds = { given: new Tensor('float32', values, [rows, size]) };
    return (await predict(session, feeds, size, wanted)).predictions;
  }

  const draws = Array.from({ length: rows * 400 }, (_, i) => ({
    row: Math.floor(i / 400),
    random: i % 400 === 0 ? 0 : i % 400 === 1 ? 1 - 2 ** -32 : uniform(i, 1),
  }));
  const drawn = (temperature: number, logprobs = false): Wanted => ({
    kind: 'draws',
    temperature,
    draws,
    logprobs,
  });

  test.each([0, 1e-300, 0.3, 1, 5])(
    'tokens at temperature %d are those of a look at each',
    async (temperature) => {
      const found = await computed(logits, drawn(temperature, true));
      const slow = new Looked(size, drawn(temperature), logits);
      const wanted = { top: 3, of: [5, size - 1] };
      let apart = 0;
      for (let row = 0; row < rows; row++) {
        const [tokenOf, slowly] = [found.tokens(row), slow.tokens(row)];
        for (const [draw, at] of draws.entries()) {
          if (at.row === row && tokenOf(draw) !== slowly(draw)) apart++;
        }
        expect(found.logprobs(row, 7, wanted)).toEqual(slow.logprobs(row, 7, wanted));
      }
      // Shares are in float32: a number at the edge of a token's share may fall to its neighbour.
      expect(apart).toBeLessThanOrEqual(temperature === 0 ? 0 : 4);
    },
  );

  test('no token is drawn that has no share', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => ({
      row: 2,
      random: Math.min(i / 1000, 1 - 2 ** -32),
    }));
    const wanted = { kind: 'draws', temperature: 1, draws: many, logprobs: false } as const;
    const tokenOf = (await computed(logits, wanted)).tokens(2);
    const tokens = many.map((_, draw) => tokenOf(draw));
    expect(Math.min(...tokens)).toBe(4000);
    expect(Math.max(...tokens)).toBe(4010);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
  });

  test('log-probabilities are those of a look at each', async () => {
    const places = Array.from({ length: 1000 }, (_, i) => ({
      row: i % rows,
      token: (i * 97) % size,
    }));
    const found = await computed(logits, { kind: 'scores', places });
    const slow = new Looked(size, { kind: 'scores', places }, logits);
    for (const place of places.keys()) {
      const expected = slow.score(place);
      expect(Math.abs(found.score(place) - expected)).toBeLessThan(1e-5 * Math.max(1, -expected));
    }
  });

  test('a row has the same bits wherever it stands, and where all of it is no number it alone is refused', async () => {
    const values = logits.slice();
    values.copyWithin(3 * size, 4 * size);
    values.fill(-Infinity, 0, size);
    const places = [3, 4, 0].flatMap((row) => [5, 700, size - 1].map((token) => ({ row, token })));
    const found = await computed(values, { kind: 'scores', places });
    const scores = [0, 1, 2, 3, 4, 5].map((place) => found.score(place));
    expect(scores.slice(0, 3)).toEqual(scores.slice(3));
    expect(() => found.score(6)).toThrow(expect.objectContaining({ code: 'not-finite' }));
  });

  test.each([NaN, Infinity, -Infinity])('%d among logits is an error', async (broken) => {
    const values = logits.slice();
    values[3 * size + 4321] = broken;
    const failed = expect.objectContaining({ code: 'not-finite' });
    for (const temperature of [0, 1]) {
      const found = await computed(values, drawn(temperature));
      expect(() => found.tokens(3)).toThrow(failed);
      expect(found.tokens(4)(1600)).toBeLessThan(size);
    }
    const places = [3, 4].map((row) => ({ row, token: 5 }));
    const scores = await computed(values, { kind: 'scores', places });
    expect(() => scores.score(0)).toThrow(failed);
    expect(scores.score(1)).toBeLessThan(0);
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
  const nothing = { contexts: [{ tokens, branches: [] }], maxTokens: 3, temperature: 1, stop: [] };
  expect((await model.generate(nothing)).completions).toEqual([[]]);
  const logits = await logitsOf(config, weights, tokens);
  const [positions, labels] = [
    [0, 2, 3],
    [3, 8208],
  ];
  const places = positions.flatMap((row) => labels.map((token) => ({ row, token })));
  const slow = new Looked(config.vocabSize, { kind: 'scores', places }, logits);
  const scores = await model.score({ items: [{ tokens, positions }], labels });
  scores[0]!.flat().forEach((found, place) => {
    expect(found).toBeCloseTo(slow.score(place), 4);
  });
  // Alone and among others.
  const more = Array.from({ length: 40 }, (_, i) => [7, 8 + i, 9 * i, 5 + i]);
  const items = more.map((of) => ({ tokens: of, positions: [0, 2, 3] }));
  const together = await model.score({ items, labels });
  const apart = await Promise.all(items.map((item) => model.score({ items: [item], labels })));
  expect(apart.flat()).toEqual(together);
  for (const label of [-1, 8209, 1.5]) {
    const asked = model.score({ items, labels: [label] });
    await expect(asked).rejects.toMatchObject({ code: 'label' });
  }
  const cold = { contexts: [{ tokens, branches }], maxTokens: 3, temperature: -1, stop: [] };
  await expect(model.generate(cold)).rejects.toMatchObject({ code: 'temperature' });
  await model.close();
});
