/** Scoring on trees against scoring separate sequences, which is its oracle. */
import { describe, expect, test } from 'vitest';
import { frozenOf, strongAdapter, strongWeights } from '../golden/index.js';
import { type Adapter, adapterLayoutOf, type LlamaConfig } from '../llama/index.js';
import { distinctPositions } from '../tree/index.js';
import { Decoder } from './decoder.js';
import { uniform } from './random.js';
import { partEnd } from './sequences.js';
import type { ScoreTask } from './task.js';
import { Trees } from './trees.js';

const base: LlamaConfig = {
  vocabSize: 23,
  hiddenSize: 32,
  intermediateSize: 40,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 256,
  tieEmbeddings: false,
};

async function open(config: LlamaConfig, trees: boolean, adapter?: Adapter): Promise<Decoder> {
  const frozen = frozenOf(config, strongWeights(config, 5));
  const beside = adapter && {
    adapter: {
      ...adapter,
      frozen: frozenOf(config, adapter.weights, adapterLayoutOf(config, adapter)),
    },
  };
  return Decoder.open({ config, frozen, rows: 8, trees, ...beside });
}

const text = (seed: number, length: number): number[] =>
  Array.from({ length }, (_, i) => Math.floor(uniform(seed, i) * base.vocabSize));
const labels = [3, 11];

/** Samples of three problems, one of them with none beside it; one sequence twice, one with nothing asked of it. */
const items = [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => [
    ...text(1, 70),
    ...text(2, 9 * i),
    ...text(10 + i, 40 - i),
  ]),
  ...[0, 1].map((i) => [...text(3, 30), ...text(20 + i, 100)]),
  [...text(3, 30), ...text(20, 100)],
  text(4, 51),
  text(4, 8),
].map((tokens, i) => ({
  tokens,
  positions: i === 3 ? [] : [...tokens.keys()].filter((t) => t % 6 === i % 4),
}));
const task: ScoreTask = { items, labels };

test('of a large vocabulary fewer positions are computed at once', () => {
  const some = items.filter(({ positions }) => positions.length > 0);
  const wanted = (list: readonly { readonly positions: readonly number[] }[]) =>
    list.reduce((sum, { positions }) => sum + positions.length, 0);
  const parts = Trees.parts(some, 2 ** 21);
  expect(Trees.parts(some, 23)).toHaveLength(1);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.flatMap(({ part }) => part)).toHaveLength(some.length);
  for (const { part, positions } of parts) {
    expect(part.length === 1 || wanted(part) <= 32).toBe(true);
    expect(positions).toBe(distinctPositions(part.map(({ tokens }) => tokens)));
  }
  const byLength = some.toSorted((a, b) => a.tokens.length - b.tokens.length);
  const end = partEnd(byLength, 0, 2 ** 21);
  expect(wanted(byLength.slice(0, end))).toBeLessThanOrEqual(32);
  expect(partEnd(byLength, 0, 23)).toBeGreaterThan(end);
});

async function compare(config: LlamaConfig, adapter?: Adapter): Promise<number> {
  const apart = await (await open(config, false, adapter)).score(task);
  const { scores, computed } = await (await open(config, true, adapter)).score(task);
  expect(scores.map((of) => of.length)).toEqual(items.map(({ positions }) => positions.length));
  scores.forEach((positions, i) => {
    positions.forEach((row, k) => {
      row.forEach((value, label) => {
        const expected = apart.scores[i]![k]![label]!;
        expect(Math.abs(value - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
      });
    });
  });
  return computed;
}

const asked = items.filter(({ positions }) => positions.length > 0).map(({ tokens }) => tokens);

describe.each(
  Object.entries<LlamaConfig>({
    'grouped queries': base,
    'a key-value head for each, tied': { ...base, kvHeads: 4, tieEmbeddings: true },
    'one layer': { ...base, layers: 1 },
    'biases as in Qwen2': { ...base, attentionBias: 'qkv' },
    'norms of heads as in Qwen3': { ...base, headNorms: true },
  }),
)('%s', (_, config) => {
  test('scores are those of separate sequences, each distinct position computed once', async () => {
    expect(await compare(config)).toBe(distinctPositions(asked));
  });
});

test('so are those of an adapter', async () => {
  const adapter = strongAdapter(base, { rank: 3, alpha: 6, modules: ['q_proj', 'down_proj'] }, 3);
  await compare(base, adapter);
});

test('sequences whose positions follow their length are computed apart', async () => {
  const config: LlamaConfig = {
    ...base,
    maxPositions: 100,
    ropeScaling: { type: 'dynamic', factor: 4 },
  };
  const long = asked.filter(({ length }) => length > 100);
  const short = asked.filter(({ length }) => length <= 100);
  const expected = distinctPositions(short) + long.reduce((sum, { length }) => sum + length, 0);
  expect(long.length).toBeGreaterThan(0);
  expect(await compare(config)).toBe(expected);
});

test('a sequence has the same bits whatever is scored beside it', async () => {
  const decoder = await open(base, true);
  const { scores } = await decoder.score(task);
  for (const [i, item] of items.entries()) {
    expect((await decoder.score({ items: [item], labels })).scores[0]).toEqual(scores[i]);
  }
  const turned = await decoder.score({ items: items.toReversed().slice(2), labels });
  expect(turned.scores.reverse()).toEqual(scores.slice(0, -2));
});

test('what follows each position is valued as the label that it is', async () => {
  const whole = items.map(({ tokens }) => ({ tokens, positions: [...tokens.keys()].slice(2, -1) }));
  const every = Array.from({ length: base.vocabSize }, (_, token) => token);
  for (const trees of [true, false]) {
    const decoder = await open(base, trees);
    const { scores } = await decoder.score({ items: whole, labels: 'next' });
    const all = await decoder.score({ items: whole, labels: every });
    const expected = whole.map(({ tokens, positions }, i) =>
      positions.map((position, k) => [all.scores[i]![k]![tokens[position + 1]!]!]),
    );
    expect(scores).toEqual(expected);
  }
  const decoder = await open(base, true);
  const [{ tokens }] = whole as [(typeof whole)[0]];
  const last = [{ tokens, positions: [tokens.length - 1] }];
  await expect(decoder.score({ items: last, labels: 'next' })).rejects.toThrow(
    `position ${tokens.length - 1} has nothing after it in a sequence of ${tokens.length} tokens`,
  );
});

test('the shortest sequences are scored as well', async () => {
  const [trees, apart] = [await open(base, true), await open(base, false)];
  for (let length = 1; length <= 8; length++) {
    const short = { items: [{ tokens: text(1, length), positions: [length - 1] }], labels };
    const [found, expected] = [await trees.score(short), await apart.score(short)];
    expected.scores[0]![0]!.forEach((value, label) => {
      expect(found.scores[0]![0]![label]).toBeCloseTo(value, 5);
    });
  }
});
