/** Training on trees against training on separate sequences, which is its oracle. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { frozenOf, relativeError, strongAdapter, strongWeights } from '../golden/index.js';
import {
  type Adapter,
  adapterLayoutOf,
  flatten,
  frozenValues,
  type LlamaConfig,
  layoutOf,
  trainedEntries,
} from '../llama/index.js';
import { floats, Session, Tensor } from '../onnx/index.js';
import { uniform } from '../sample/index.js';
import { compareSequences, distinctPositions, evenly } from '../tree/index.js';
import { dealt, type MicroBatch, positionsIn } from './batch.js';
import type { Example } from './example.js';
import { batchFeeds, trainingGraph } from './graph.js';
import { dealtPadded, MOST, MOST_PAIRS } from './padded.js';
import { dealtTrees } from './trees.js';

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
  maxPositions: 128,
  tieEmbeddings: false,
};
const kinds: Record<string, LlamaConfig> = {
  'grouped queries': base,
  'a key-value head for each, tied': { ...base, kvHeads: 4, tieEmbeddings: true },
  'one layer': { ...base, layers: 1 },
  'biases as in Qwen2': { ...base, attentionBias: 'qkv' },
  'norms of heads as in Qwen3': { ...base, headNorms: true },
  'positions that follow the length beyond these': {
    ...base,
    ropeScaling: { type: 'dynamic', factor: 4 },
  },
};

const text = (seed: number, length: number): number[] =>
  Array.from({ length }, (_, i) => Math.floor(uniform(seed, i) * base.vocabSize));

/** Targets at every third place, not the same in all sequences, with weights that are no powers of two. */
const exampleOf = (tokens: readonly number[], seed: number): Example => ({
  tokens,
  targets: tokens.map((_, t) =>
    t % 3 === 0 ? Math.floor(uniform(seed % 2, t) * base.vocabSize) : -1,
  ),
  weights: tokens.map((_, t) => 0.1 + ((t + seed) % 7) / 3),
});

/** Two problems with samples that part at several places, one that is another's beginning, one twice, and a stranger. */
const sequences = (() => {
  const [question, other] = [text(1, 40), text(2, 25)];
  const sample = [...question, ...text(3, 33)];
  return [
    sample,
    [...sample.slice(0, 60), ...text(4, 20)],
    [...sample.slice(0, 60), ...text(5, 9)],
    [...question, ...text(6, 50)],
    sample.slice(0, 52),
    [...other, ...text(7, 30)],
    [...other, ...text(8, 44)],
    [...other, ...text(8, 44)],
    text(9, 21),
  ];
})();
const examples = sequences.map(exampleOf);

/** The summed loss and gradient of micro-batches. */
async function learn(config: LlamaConfig, works: readonly MicroBatch[], adapter?: Adapter) {
  const layout = adapter ? adapterLayoutOf(config, adapter) : layoutOf(config);
  const learned = adapter ? layout.entries : trainedEntries(config);
  const weights = strongWeights(config, 7);
  const vector = new Float32Array(layout.size);
  flatten(layout, adapter?.weights ?? weights, vector);
  const parameters = Object.fromEntries(
    learned.map(({ name, shape, start, end }) => [
      name,
      new Tensor('float32', vector.subarray(start, end), shape),
    ]),
  );
  const shape = adapter
    ? {
        config,
        learned,
        frozen: frozenValues(config, frozenOf(config, weights)),
        adapterScale: adapter.alpha / adapter.rank,
      }
    : { config, learned };
  const gradient = new Float32Array(layout.size);
  let loss = 0;
  for (const work of works) {
    const session = await Session.compile(trainingGraph(shape, work.kind, true));
    const outputs = await session.run({
      ...parameters,
      ...batchFeeds(config, work),
    });
    await session.release();
    loss += floats(outputs, 'loss')[0]!;
    for (const { name, start } of learned) {
      floats(outputs, `d:${name}`).forEach((value, i) => {
        gradient[start + i]! += value;
      });
    }
  }
  return { loss, gradient, entries: layout.entries };
}

async function compare(config: LlamaConfig, adapter?: Adapter, learned = examples): Promise<void> {
  const expected = await learn(config, dealtPadded(learned, 1).flat(), adapter);
  const works = dealt(learned, config, 2).flat();
  expect(works.map(({ kind }) => kind)).toEqual(works.map(() => 'tree'));
  const found = await learn(config, works, adapter);
  expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(1e-5);
  for (const { name, start, end } of expected.entries) {
    const error = relativeError(
      found.gradient.subarray(start, end),
      expected.gradient.subarray(start, end),
    );
    // The gradient of keys' biases is nothing but rounding: softmax does not see them.
    if (!name.endsWith('k_proj.bias') || config.headNorms) expect(error, name).toBeLessThan(1e-5);
  }
}

describe.each(Object.entries(kinds))('%s', (_, config) => {
  test('loss and gradients are those of separate sequences', () => compare(config));
});

test('so are those of the shortest sequences', async () => {
  for (let length = 2; length <= 6; length++) {
    const tokens = text(1, length);
    // At the first position alone queries and keys learn nothing.
    const targets = tokens.map((_, t) => (t === length - 1 ? 3 : -1));
    await compare(base, undefined, [
      { tokens, targets },
      { tokens, targets },
    ]);
  }
});

test('so are those of an adapter, on attention and beside it', async () => {
  const shape = { rank: 3, alpha: 6 };
  for (const modules of [
    ['q_proj', 'v_proj'],
    ['o_proj', 'gate_proj', 'down_proj'],
  ] as const) {
    await compare(base, strongAdapter(base, { ...shape, modules }, 3));
  }
});

it('learns several targets of one position as much as they weigh together', () => {
  const tokens = [1, 2, 3];
  const teach = (targets: number[], weights: number[]): Example => ({ tokens, targets, weights });
  const [[work]] = dealtTrees(
    [teach([-1, 5, 6], [1, 0.25, 1]), teach([-1, 5, 7], [1, 0.5, 2]), teach([4, -1, 6], [3, 1, 4])],
    1,
  ) as [[ReturnType<typeof dealtTrees>[0][0]]];
  expect(work?.tree.tokens).toEqual(Int32Array.of(1, 2, 3));
  const entries = [...work!.rows].map((row, i) => [
    work!.picked[row],
    work!.targets[i],
    work!.weights[i],
  ]);
  expect(entries.toSorted((a, b) => a[0]! - b[0]! || a[1]! - b[1]!)).toEqual([
    [0, 4, 3],
    [1, 5, 0.75],
    [2, 6, 5],
    [2, 7, 2],
  ]);
});

it('is of padded sequences where nothing is shared, or positions follow the length', () => {
  const strangers = [30, 31, 32].map((length, i) => exampleOf(text(20 + i, length), i));
  const kindsOf = (config: LlamaConfig, batch: readonly Example[], trees?: boolean) =>
    new Set(
      dealt(batch, config, 2, trees)
        .flat()
        .map(({ kind }) => kind),
    );
  expect(kindsOf(base, strangers)).toEqual(new Set(['padded']));
  expect(kindsOf(base, examples, false)).toEqual(new Set(['padded']));
  const stretched: LlamaConfig = {
    ...base,
    maxPositions: 64,
    ropeScaling: { type: 'dynamic', factor: 4 },
  };
  expect(kindsOf(stretched, examples)).toEqual(new Set(['padded']));
});

describe('dealing', () => {
  it('has no runs of nothing', () => {
    expect(dealtTrees([], 2)).toEqual([[], []]);
    const shares = dealtTrees(examples.slice(0, 1), 2);
    expect(shares.map(({ length }) => length).toSorted()).toEqual([0, 1]);
  });

  /** Families of sequences: by family the length of what is shared and what each adds to how much of it. */
  const families = fc.array(
    fc.record({
      shared: fc.integer({ min: 1, max: 120 }),
      members: fc.array(
        fc.record({ kept: fc.double({ min: 0, max: 1, noNaN: true }), own: fc.nat(100) }),
        { minLength: 1, maxLength: 12 },
      ),
    }),
    { minLength: 1, maxLength: 10 },
  );
  const workers = fc.integer({ min: 1, max: 4 });
  const batchOf = (list: readonly Family[]): Example[] =>
    list.flatMap(({ shared, members }, f) => {
      const trunk = text(100 + f, shared);
      return members.map(({ kept, own }, i) =>
        exampleOf(
          [...trunk.slice(0, Math.max(1, Math.ceil(kept * shared))), ...text(1000 * f + i, own)],
          i,
        ),
      );
    });

  it('has each path and target once, whoever computes it, and the last worker done no later than half of all', () => {
    fc.assert(
      fc.property(families, workers, (list, count) => {
        const batch = batchOf(list);
        const shares = dealtTrees(batch, count);
        expect(shares).toHaveLength(count);
        expect(dealtTrees(batch, count)).toEqual(shares);
        const works = shares.flat();
        // By path and target what it weighs, in the trees and in the examples.
        const weighed = (entries: Iterable<[string, number]>) => {
          const sums = new Map<string, number>();
          for (const [key, weight] of entries) sums.set(key, (sums.get(key) ?? 0) + weight);
          return [...sums].map(([key, sum]) => [key, sum.toFixed(4)]).sort();
        };
        const inTrees = works.flatMap((work) => {
          const paths: string[] = [];
          work.tree.parents.forEach((parent, row) => {
            paths.push(`${paths[parent] ?? ''} ${work.tree.tokens[row]}`);
          });
          return [...work.rows].map((place, i): [string, number] => [
            `${paths[work.picked[place]!]} > ${work.targets[i]}`,
            work.weights[i]!,
          ]);
        });
        const inExamples = batch.flatMap(({ tokens, targets, weights }) =>
          targets.flatMap((target, t): [string, number][] =>
            target < 0
              ? []
              : [[` ${tokens.slice(0, t + 1).join(' ')} > ${target}`, weights?.[t] ?? 1]],
          ),
        );
        expect(weighed(inTrees)).toEqual(weighed(inExamples));

        const all = batch.map(({ tokens }) => tokens);
        const longest = Math.max(...all.map(({ length }) => length));
        const loads = shares.map((share) =>
          share.reduce((sum, work) => sum + positionsIn(work), 0),
        );
        // A cut is between sequences, and both sides have what they share; micro-batches are cut likewise.
        const most = distinctPositions(all) / count + longest * (1 + works.length);
        expect(Math.max(...loads)).toBeLessThanOrEqual(most);
        for (const work of works) expect(positionsIn(work)).toBeLessThanOrEqual(1024);
      }),
      { numRuns: 50 },
    );
  });

  it('is in as few runs as hold the sequences, the largest of which is as small as can be', () => {
    fc.assert(
      fc.property(families, (list) => {
        const batch = batchOf(list).toSorted((a, b) => compareSequences(a.tokens, b.tokens));
        const sequences = batch.map(({ tokens }) => tokens);
        const longest = Math.max(...sequences.map(({ length }) => length));
        const most = Math.max(longest, Math.min(MOST, MOST_PAIRS / longest));
        // One number of parts after the other until all are small enough.
        let parts = evenly(sequences, 1);
        for (let count = 2; parts.some(({ size }) => size > most); count++) {
          parts = evenly(sequences, count);
        }
        const [works] = dealtTrees(batch, 1);
        expect(works!.map(positionsIn)).toEqual(parts.map(({ size }) => size));
      }),
      { numRuns: 50 },
    );
  });
});

interface Family {
  readonly shared: number;
  readonly members: readonly { readonly kept: number; readonly own: number }[];
}
