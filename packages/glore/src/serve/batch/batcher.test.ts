import { initialWeights, type LlamaConfig, Model } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Batch, Batcher } from './batcher.js';

const config: LlamaConfig = {
  vocabSize: 29,
  hiddenSize: 64,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 4096,
  tieEmbeddings: false,
};
const checkpoint = {
  config,
  weights: new Map(
    [...initialWeights(config, 7)].map(([name, { shape, data }]) => [
      name,
      { shape, data: shape.length > 1 ? data.map((x) => 8 * x) : data },
    ]),
  ),
};
const task = (first: number, seeds: readonly number[], maxTokens = 12) => ({
  contexts: [
    { tokens: [first, 4, 5], branches: seeds.map((seed) => ({ length: 3, seed })) },
    { tokens: [first, 9], branches: [{ length: 2, seed: 77 }] },
  ],
  temperature: 1,
  maxTokens,
  stop: [3],
});
const scoring = (first: number) => ({
  items: [
    { tokens: [first, 2, 6], positions: [0, 2] },
    { tokens: [first], positions: [0] },
  ],
  labels: [4, 5],
});

let model: Model;
beforeAll(async () => {
  model = await Model.open(checkpoint, { workers: 2 });
});
afterAll(() => model.close());

function collect(workers: number) {
  const batches: Omit<Batch, 'seconds'>[] = [];
  const onBatch = ({ seconds: _, ...batch }: Batch) => batches.push(batch);
  // Long enough that all that a test asks at once goes together.
  return { batches, batcher: new Batcher(model, checkpoint, { workers, wait: 50, onBatch }) };
}

describe('Batcher', () => {
  it('answers many requests from one task, each as if it were alone', async () => {
    const { batches, batcher } = collect(1);
    const tasks = [task(1, [5, 6]), task(2, [5]), task(7, [8, 9, 10])];
    const together = await Promise.all(tasks.map((one) => batcher.generate(one)));
    for (const [i, one] of tasks.entries()) {
      const alone = await model.generate(one);
      expect(together[i]!.completions).toEqual(alone.completions);
    }
    expect(batches).toEqual([{ kind: 'generate', requests: 3, rows: 9 }]);
  });

  it('spreads a batch over the free workers', async () => {
    const { batches, batcher } = collect(2);
    const tasks = [1, 2, 4, 6].map((first) => task(first, [first]));
    const together = await Promise.all(tasks.map((one) => batcher.generate(one)));
    const alone = await Promise.all(tasks.map((one) => model.generate(one)));
    expect(together.map(({ completions }) => completions)).toEqual(
      alone.map(({ completions }) => completions),
    );
    expect(batches).toEqual(Array(2).fill({ kind: 'generate', requests: 2, rows: 4 }));
  });

  it('keeps apart what cannot go together', async () => {
    const { batches, batcher } = collect(1);
    const [warm, cold, scores, again] = await Promise.all([
      batcher.generate(task(1, [5])),
      batcher.generate({ ...task(1, [5]), temperature: 0 }),
      batcher.score(scoring(1)),
      batcher.score(scoring(2)),
    ]);
    expect(warm.completions).toEqual((await model.generate(task(1, [5]))).completions);
    expect(cold.completions).not.toEqual(warm.completions);
    expect(scores).toEqual(await model.score(scoring(1)));
    expect(again).toEqual(await model.score(scoring(2)));
    expect(batches.map(({ kind, requests }) => [kind, requests])).toEqual([
      ['generate', 1],
      ['generate', 1],
      ['score', 2],
    ]);
  });

  it('refuses a bad sequence without spoiling the batch', async () => {
    const { batcher } = collect(1);
    const good = batcher.generate(task(1, [5]));
    const long = { tokens: Array<number>(4096).fill(1), branches: [{ length: 4096, seed: 0 }] };
    await expect(batcher.generate({ ...task(1, []), contexts: [long] })).rejects.toMatchObject({
      code: 'length',
    });
    await expect(batcher.generate(task(29, [1]))).rejects.toMatchObject({ code: 'token' });
    await expect(
      batcher.score({ items: [{ tokens: [], positions: [] }], labels: [1] }),
    ).rejects.toMatchObject({ code: 'length' });
    expect((await good).completions[0]).toHaveLength(1);
  });

  it('tells each request of its own tokens, and ends what it has enough of', async () => {
    const { batcher } = collect(1);
    const heard: number[][] = [[], [], []];
    const long = { ...task(1, [5, 6], 3000), stop: [] };
    const other = batcher.generate({ ...task(2, [5], 3000), stop: [] }, { hear: () => [0, 1] });
    const { completions } = await batcher.generate(long, {
      hear: (drawn) => {
        for (const { branch, token } of drawn) heard[branch]!.push(token);
        return [0, 1, 2].filter((branch) => heard[branch]!.length >= 3);
      },
    });
    const alone = (await model.generate({ ...task(1, [5, 6]), stop: [] })).completions.flat();
    for (const [i, { tokens, finish }] of completions.flat().entries()) {
      expect(finish).toBe('left');
      expect(tokens.length).toBeLessThan(3000);
      expect(heard[i]).toEqual(tokens);
      expect(tokens.slice(0, 3)).toEqual(alone[i]!.tokens.slice(0, 3));
    }
    expect((await other).completions.flat().map(({ finish }) => finish)).toEqual(['left', 'left']);
  });

  it('leaves with its signal, waiting or under way, and others get their answers', async () => {
    const { batches, batcher } = collect(1);
    const abort = new AbortController();
    let heard = 0;
    const long = { ...task(1, [5], 3000), stop: [] };
    const leaving = batcher.generate(long, {
      signal: abort.signal,
      hear: (drawn) => {
        heard += drawn.length;
        abort.abort(new Error('gone'));
        return [];
      },
    });
    await expect(leaving).rejects.toThrow('gone');
    await expect(batcher.generate(long, { signal: abort.signal })).rejects.toThrow('gone');
    const waiting = new AbortController();
    const queued = batcher.score(scoring(1), { signal: waiting.signal });
    waiting.abort(new Error('left the queue'));
    await expect(queued).rejects.toThrow('left the queue');
    expect(await batcher.score(scoring(2))).toEqual(await model.score(scoring(2)));
    // The worker was free again long before the end of what was left.
    expect(heard).toBeLessThan(3000);
    expect(batches.map(({ kind, requests }) => [kind, requests])).toEqual([
      ['generate', 1],
      ['score', 1],
    ]);
  });

  it('scores a long request in parts, between which others have their turn', async () => {
    const { batches, batcher } = collect(1);
    const items = Array.from({ length: 700 }, (_, i) => ({
      tokens: Array.from({ length: 50 }, (_, k) => (i * k) % 29),
      positions: [7, 49],
    }));
    const long = batcher.score({ items, labels: [4, 5] });
    const other = batcher.score({ ...scoring(1), labels: [6] });
    const first = await Promise.race([long.then(() => 'long'), other.then(() => 'other')]);
    expect(first).toBe('other');
    expect(await long).toEqual(await model.score({ items, labels: [4, 5] }));
    expect(batches.map(({ rows }) => rows)).toEqual([327, 2, 327, 46]);
  });

  it('leaves the parts that are not scored yet', async () => {
    const { batches, batcher } = collect(1);
    const items = Array.from({ length: 700 }, () => ({
      tokens: Array<number>(50).fill(5),
      positions: [0],
    }));
    const abort = new AbortController();
    const leaving = batcher.score({ items, labels: [4] }, { signal: abort.signal });
    while (batches.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    abort.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    await batcher.score(scoring(1));
    expect(batches.map(({ rows }) => rows)).not.toContain(46);
  });

  it('has failed once the model computes what are no numbers', async () => {
    const weights = new Map(
      [...checkpoint.weights].map(([name, { shape, data }]) => [
        name,
        { shape, data: name === 'lm_head.weight' ? data.slice().fill(NaN, 64 * 7, 64 * 8) : data },
      ]),
    );
    const broken = await Model.open({ config, weights }, { workers: 1 });
    onTestFinished(() => broken.close());
    const asks: ((batcher: Batcher) => Promise<unknown>)[] = [
      (batcher) => batcher.generate(task(1, [5])),
      (batcher) => batcher.generate({ ...task(1, [5]), temperature: 0 }),
      (batcher) => batcher.generate({ ...task(1, [5]), logprobs: { top: 1, of: [] } }),
      (batcher) => batcher.score(scoring(1)),
    ];
    for (const ask of asks) {
      const batcher = new Batcher(broken, checkpoint, { workers: 1, wait: 1 });
      expect(batcher.failure).toBeUndefined();
      await expect(ask(batcher)).rejects.toMatchObject({ code: 'not-finite' });
      expect(batcher.failure).toMatchObject({ code: 'not-finite' });
    }
  });
});
