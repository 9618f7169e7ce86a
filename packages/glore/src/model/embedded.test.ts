import {
  buildTokenizer,
  type Checkpoint,
  initialWeights,
  type LlamaConfig,
  Model,
  openTokenizer,
} from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCodec, specialTokens } from '../codec/index.js';
import { worldTexts } from '../problem/index.js';
import { openEmbedded } from './embedded.js';
import type { LanguageModel } from './types.js';

const tokenizer = buildTokenizer({ texts: worldTexts(), special: specialTokens });
const codec = createCodec(openTokenizer(tokenizer));
const { plus, minus, eos } = codec.ids;
const config: LlamaConfig = {
  vocabSize: openTokenizer(tokenizer).size,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 64,
  tieEmbeddings: false,
};

/** Untrained, with weights large enough that tokens differ much in probability. */
const checkpoint: Checkpoint = {
  config,
  tokenizer,
  weights: new Map(
    [...initialWeights(config, 7)].map(([name, { shape, data }]) => [
      name,
      { shape, data: shape.length > 1 ? data.map((x) => 8 * x) : data },
    ]),
  ),
};
const [short, long] = [codec.prompt('Ann has 3.'), codec.prompt('Ann has 3 shells. Ann buys 4.')];
const items = [
  { tokens: long, positions: [2, 9, 3] },
  { tokens: short, positions: [short.length - 1] },
  { tokens: short, positions: [] },
];

let model: LanguageModel;
beforeAll(async () => {
  model = await openEmbedded(checkpoint, 1);
});
afterAll(() => model.close());

describe('score', () => {
  it('is p(+) / (p(+) + p(-)) of the next token at each position', async () => {
    const values = await model.score(items, { positive: plus, negative: minus });
    const engine = await Model.open(checkpoint, { workers: 1 });
    const logs = await engine.score({ items, labels: [plus, minus] });
    await engine.close();
    expect(values.map(({ length }) => length)).toEqual([3, 1, 0]);
    values.forEach((row, i) => {
      row.forEach((value, k) => {
        const [p, n] = logs[i]![k]!.map(Math.exp) as [number, number];
        expect(value).toBeCloseTo(p / (p + n), 10);
      });
    });
    // The model has opinions, so that equal values are no accident.
    expect(new Set(values.flat().map((value) => value.toFixed(3))).size).toBe(4);
  });

  it('turns around with the labels, and reads nothing after a position', async () => {
    const [there, back] = await Promise.all([
      model.score(items, { positive: plus, negative: minus }),
      model.score(items, { positive: minus, negative: plus }),
    ]);
    for (const [i, value] of there.flat().entries()) {
      expect(back.flat()[i]).toBeCloseTo(1 - value, 10);
    }
    const cut = items.map(({ tokens, positions }) => ({
      tokens: tokens.slice(0, Math.max(0, ...positions) + 1),
      positions,
    }));
    const again = await model.score(cut, { positive: plus, negative: minus });
    for (const [i, value] of again.flat().entries()) {
      expect(value).toBeCloseTo(there.flat()[i]!, 5);
    }
  });
});

describe('generate', () => {
  const requests = [
    {
      tokens: long,
      branches: [
        { length: long.length, seed: 1 },
        { length: 4, seed: 2 },
        { length: 4, seed: 3 },
      ],
    },
    { tokens: short, branches: [{ length: short.length, seed: 2 }] },
    { tokens: short, branches: [] },
  ];
  const sampling = { temperature: 1, maxTokens: 12, stop: eos };

  it('gives one completion for each branch, without the tokens it starts from', async () => {
    const found = await model.generate(requests, sampling);
    expect(found.map(({ length }) => length)).toEqual([3, 1, 0]);
    for (const tokens of found.flat()) {
      const end = tokens.indexOf(eos);
      expect(tokens).toHaveLength(end < 0 ? 12 : end + 1);
    }
    expect(found[0]![1]).not.toEqual(found[0]![2]);
    const prefix = { tokens: long.slice(0, 4), branches: [{ length: 4, seed: 2 }] };
    expect(await model.generate([prefix], sampling)).toEqual([[found[0]![1]]]);
  });

  it('ends with the stop token where that is drawn', async () => {
    const greedy = { ...sampling, temperature: 0 };
    const [[free]] = (await model.generate(requests.slice(1, 2), greedy)) as [[number[]]];
    const stop = free[5]!;
    const [[cut]] = (await model.generate(requests.slice(1, 2), { ...greedy, stop })) as [
      [number[]],
    ];
    expect(cut).toEqual(free.slice(0, free.indexOf(stop) + 1));
  });

  it('does not depend on the workers, and is greedy at temperature 0', async () => {
    const two = await openEmbedded(checkpoint, 2);
    const [one, other] = await Promise.all([
      two.generate(requests, sampling),
      two.generate(requests, sampling),
    ]);
    await two.close();
    expect(one).toEqual(await model.generate(requests, sampling));
    expect(other).toEqual(one);
    const greedy = await model.generate(requests, { ...sampling, temperature: 0 });
    expect(greedy[0]![1]).toEqual(greedy[0]![2]);
  });

  it('refuses to work once closed', async () => {
    const closed = await openEmbedded(checkpoint, 1);
    await closed.close();
    await expect(closed.generate(requests, sampling)).rejects.toMatchObject({ code: 'closed' });
  });
});

it('values nearly the same in 8 bits, and not quite', async () => {
  const narrow = await openEmbedded(checkpoint, 1, { bits: 8 });
  const labels = { positive: plus, negative: minus };
  const [exact, near] = [await model.score(items, labels), await narrow.score(items, labels)];
  await narrow.close();
  expect(near).not.toEqual(exact);
  near.flat().forEach((value, i) => {
    expect(Math.abs(value - exact.flat()[i]!)).toBeLessThan(0.05);
  });
});

it('tells what it computes, and what of that is needed', async () => {
  const told: { needed: number; computed: number }[] = [];
  const counted = await openEmbedded(checkpoint, 1, {
    provider: 'cpu',
    count: (positions) => told.push(positions),
  });
  const branches = [1, 2, 3].map((seed) => ({ length: long.length, seed }));
  const sampling = { temperature: 1, maxTokens: 5, stop: eos };
  const [drawn = []] = await counted.generate([{ tokens: long, branches }], sampling);
  const before = drawn.map((tokens) => tokens.slice(0, -1));
  const apart = new Set(
    before.flatMap((tokens) => tokens.map((_, t) => `${tokens.slice(0, t + 1)}`)),
  );
  await counted.score([...items, ...items], { positive: plus, negative: minus });
  await counted.close();
  const both = new Set(
    [long, short].flatMap((tokens) => tokens.map((_, t) => `${tokens.slice(0, t + 1)}`)),
  ).size;
  expect(told).toEqual([
    { needed: long.length + apart.size, computed: long.length + apart.size },
    { needed: both, computed: both },
  ]);
});
