import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logitsOf, strongWeights } from './golden/index.js';
import * as g from './graph/index.js';
import {
  deepen,
  forward,
  initialWeights,
  type LlamaConfig,
  layoutOf,
  type Weights,
} from './llama/index.js';
import { availableProviders, type Provider, providers, Session, Tensor } from './onnx/index.js';
import { Model, Trainer } from './parallel/index.js';
import { choice, uniform } from './sample/index.js';
import { type Example, nextTokenExample } from './train/index.js';

const base: LlamaConfig = {
  vocabSize: 29,
  hiddenSize: 64,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 4,
  headSize: 16,
  ropeTheta: 10000,
  normEpsilon: 1e-5,
  maxPositions: 48,
  tieEmbeddings: false,
};
const shapes: Record<string, LlamaConfig> = {
  plain: base,
  'grouped queries': { ...base, kvHeads: 2 },
  'one key-value head, tied': { ...base, kvHeads: 1, tieEmbeddings: true },
};

const sequence = (length: number, seed: number, size: number) =>
  Array.from({ length }, (_, i) => Math.floor(uniform(seed, i) * size));

describe.each(Object.entries(shapes))('%s', (_, config) => {
  const weights = strongWeights(config, 5);

  test('the cached sampler draws what the uncached forward pass draws', async () => {
    const model = await Model.open({ config, weights }, { workers: 1, rows: 3 });
    const context = sequence(26, 1, config.vocabSize);
    const other = sequence(4, 2, config.vocabSize);
    for (const temperature of [0, 1]) {
      const task = {
        contexts: [
          {
            tokens: context,
            branches: [
              { length: 26, seed: 11 },
              { length: 4, seed: 12 },
              { length: 4, seed: 13 },
              { length: 1, seed: 14 },
            ],
          },
          {
            tokens: other,
            branches: [
              { length: 4, seed: 15 },
              { length: 2, seed: 16 },
            ],
          },
        ],
        maxTokens: 12,
        temperature,
        stop: [3, 7],
      };
      const { completions, prefilled } = await model.generate(task);
      expect(prefilled).toBe(30);
      for (const [i, { tokens, branches }] of task.contexts.entries()) {
        for (const [j, { length, seed }] of branches.entries()) {
          const expected: number[] = [];
          let finish = 'length';
          while (expected.length < task.maxTokens && finish === 'length') {
            const whole = [...tokens.slice(0, length), ...expected];
            const logits = await logitsOf(config, weights, whole);
            const at = (whole.length - 1) * config.vocabSize;
            const choose = choice(logits, at, config.vocabSize, temperature);
            const next = choose(uniform(seed, expected.length));
            expected.push(next);
            if (task.stop.includes(next)) finish = 'stop';
          }
          expect(completions[i]![j]).toEqual({ tokens: expected, finish });
        }
      }
    }
    await model.close();
  });

  test('what branches have in common is computed once, until they draw apart', async () => {
    const model = await Model.open({ config, weights }, { workers: 1, rows: 8 });
    const tokens = sequence(9, 1, config.vocabSize);
    const branches = Array.from({ length: 8 }, (_, i) => ({ length: i < 6 ? 9 : 4, seed: i }));
    const task = { contexts: [{ tokens, branches }], maxTokens: 12, temperature: 0.4, stop: [3] };
    const { completions, generated } = await model.generate(task);
    const alone = await Promise.all(
      branches.map((branch) =>
        model.generate({ ...task, contexts: [{ tokens, branches: [branch] }] }),
      ),
    );
    expect(completions[0]).toEqual(alone.map((one) => one.completions[0]![0]));
    // The positions of all but the last token of each.
    const distinct = new Set<string>();
    completions[0]!.forEach((completion, i) => {
      for (let end = 1; end < completion.tokens.length; end++)
        distinct.add(`${branches[i]!.length} ${completion.tokens.slice(0, end)}`);
    });
    expect(generated).toBe(distinct.size);
    expect(generated).toBeLessThan(alone.reduce((sum, one) => sum + one.generated, 0));
    await model.close();
  });

  test('scores are the log-probabilities of the uncached forward pass', async () => {
    const model = await Model.open({ config, weights }, { workers: 2 });
    const items = [12, 5, 20].map((length, i) => ({
      tokens: sequence(length, i + 3, config.vocabSize),
      positions: [0, 3, length - 1],
    }));
    const scores = await model.score({ items, labels: [2, 9] });
    for (const [i, { tokens, positions }] of items.entries()) {
      const logits = await logitsOf(config, weights, tokens);
      for (const [j, position] of positions.entries()) {
        const row = [
          ...logits.slice(position * config.vocabSize, (position + 1) * config.vocabSize),
        ];
        const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
        expect(scores[i]![j]![0]).toBeCloseTo(row[2]! - total, 4);
        expect(scores[i]![j]![1]).toBeCloseTo(row[9]! - total, 4);
      }
    }
    await model.close();
  });

  test('a training step is the slow reference step, on one worker and on two', async () => {
    const batch: Example[] = [
      nextTokenExample(sequence(14, 20, config.vocabSize), 5),
      nextTokenExample(sequence(31, 21, config.vocabSize), 1),
      // A reward model's example: a target that is not the next token, and weights.
      { tokens: [4, 5, 6, 7], targets: [-1, 9, -1, 2], weights: [1, 0.5, 1, 2] },
    ];
    const rate = 3e-3;
    const options = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1, clip: 0.5 };
    const expected = await referenceStep(config, weights, batch, rate, options);
    for (const workers of [1, 2]) {
      const trainer = await Trainer.open({ config, weights }, { workers, optimizer: options });
      const report = await trainer.step(batch, rate);
      expect(report.loss).toBeCloseTo(expected.loss, 4);
      expect(report.gradientNorm).toBeCloseTo(expected.norm, 3);
      expect(report.tokens).toBe(49);
      const found = trainer.weights();
      for (const [name, { data }] of expected.weights) {
        const got = found.get(name)!.data;
        for (let i = 0; i < data.length; i++)
          expect(Math.abs(got[i]! - data[i]!), `${name}[${i}]`).toBeLessThan(2e-4);
      }
      await trainer.close();
    }
  });
});

/**
 * One AdamW step with everything written out: gradients one sequence at a time, without batching or padding, summed
 * in doubles. (Each operation's gradient is checked against finite differences beside the graph.)
 */
async function referenceStep(
  config: LlamaConfig,
  weights: Weights,
  batch: readonly Example[],
  rate: number,
  options: { beta1: number; beta2: number; epsilon: number; weightDecay: number; clip: number },
) {
  const layout = layoutOf(config);
  const total = new Float64Array(layout.size);
  let loss = 0;
  let weight = 0;
  for (const { tokens, targets, weights: given } of batch) {
    const inputs = layout.entries.map(({ name, shape }) => g.input(name, 'float32', shape));
    const logits = forward(
      config,
      new Map(layout.entries.map(({ name }, i) => [name, inputs[i]!])),
      g.constant(BigInt64Array.from(tokens, BigInt), [tokens.length]),
      1,
      tokens.length,
    );
    const lossValue = g.crossEntropy(
      logits,
      g.constant(
        BigInt64Array.from(targets, (x) => BigInt(Math.max(0, x))),
        [tokens.length],
      ),
      g.constant(
        Float32Array.from(targets, (x, t) => (x < 0 ? 0 : (given?.[t] ?? 1))),
        [tokens.length],
      ),
    );
    const session = await Session.compile({
      loss: lossValue,
      ...Object.fromEntries(
        g.gradients(lossValue, inputs, g.scalar(1)).map((value, i) => [`d${i}`, value]),
      ),
    });
    const out = await session.run(
      Object.fromEntries(
        layout.entries.map(({ name, shape }) => [
          name,
          new Tensor('float32', weights.get(name)!.data, shape),
        ]),
      ),
    );
    loss += out.loss!.data[0] as number;
    weight += targets.reduce((sum, x, t) => sum + (x < 0 ? 0 : (given?.[t] ?? 1)), 0);
    layout.entries.forEach(({ start }, i) => {
      (out[`d${i}`]!.data as Float32Array).forEach((x, k) => {
        total[start + k]! += x;
      });
    });
    await session.release();
  }
  const norm = Math.sqrt(total.reduce((sum, x) => sum + (x / weight) ** 2, 0));
  const clip = Math.min(1, options.clip / norm);
  const updated: Weights = new Map();
  for (const { name, shape, start } of layout.entries) {
    const data = weights.get(name)!.data.map((x, i) => {
      const gradient = (total[start + i]! / weight) * clip;
      const m = (1 - options.beta1) * gradient;
      const v = (1 - options.beta2) * gradient ** 2;
      const decayed = x * (1 - rate * (shape.length > 1 ? options.weightDecay : 0));
      return (
        decayed -
        (rate * (m / (1 - options.beta1))) / (Math.sqrt(v / (1 - options.beta2)) + options.epsilon)
      );
    });
    updated.set(name, { shape, data });
  }
  return { loss: loss / weight, norm, weights: updated };
}

test('training learns, and going on from a saved state gives the same bits', async () => {
  const examples = Array.from({ length: 8 }, (_, i) => nextTokenExample(sequence(20, i, 10), 1));
  const start = { config: base, weights: initialWeights(base, 1) };
  const one = await Trainer.open(start);
  const first = (await one.step(examples, 5e-3)).loss;
  for (let i = 0; i < 10; i++) await one.step(examples, 5e-3);
  const state = one.state();
  for (let i = 0; i < 10; i++) await one.step(examples, 5e-3);
  const two = await Trainer.open(start);
  two.restore(state);
  for (let i = 0; i < 10; i++) await two.step(examples, 5e-3);
  expect(two.weights()).toEqual(one.weights());
  expect(await two.loss(examples)).toBeLessThan(first * 0.8);
  await Promise.all([one.close(), two.close()]);
});

test('bad examples are refused by name', async () => {
  const trainer = await Trainer.open({ config: base, weights: initialWeights(base, 1) });
  await expect(trainer.step([{ tokens: [1], targets: [-1] }], 1e-3)).rejects.toThrow(
    'nothing to learn',
  );
  await expect(trainer.step([{ tokens: [1, 99], targets: [1, 1] }], 1e-3)).rejects.toThrow(
    'token 99 is outside the vocabulary of 29',
  );
  await expect(trainer.step([nextTokenExample(sequence(60, 1, 29), 1)], 1e-3)).rejects.toThrow(
    '60 tokens, the model has 48 positions',
  );
  await trainer.close();
});

test('where positions follow the length, a prefix of a longer context is a sequence of its own', async () => {
  const config: LlamaConfig = {
    ...base,
    maxPositions: 16,
    ropeScaling: { type: 'dynamic', factor: 3 },
  };
  const model = await Model.open({ config, weights: strongWeights(config, 3) }, { workers: 1 });
  const tokens = sequence(30, 3, config.vocabSize);
  const task = { maxTokens: 10, temperature: 1, stop: [] };
  const branches = [10, 20, 30].map((length) => ({ length, seed: length }));
  const together = await model.generate({ ...task, contexts: [{ tokens, branches }] });
  const alone = await model.generate({
    ...task,
    contexts: branches.map((branch) => ({
      tokens: tokens.slice(0, branch.length),
      branches: [branch],
    })),
  });
  expect(together.completions[0]).toEqual(alone.completions.flat());
  // Beyond `maxPositions`, up to the factor.
  const long = { tokens: sequence(49, 3, config.vocabSize), positions: [0] };
  await expect(model.score({ items: [long], labels: [1] })).rejects.toMatchObject({
    code: 'length',
    message: 'a sequence has 49 tokens; the model has 48 positions',
  });
  await model.close();
});

test('a deepened model is the same function, and its new layers learn', async () => {
  const weights = strongWeights(base, 5);
  const grown = deepen(base, weights, 4, 9);
  const tokens = sequence(12, 1, base.vocabSize);
  expect(await logitsOf(grown.config, grown.weights, tokens)).toEqual(
    await logitsOf(base, weights, tokens),
  );
  const trainer = await Trainer.open(grown);
  await trainer.step([nextTokenExample(tokens, 1)], 1e-2);
  const written = trainer.weights().get('model.layers.3.mlp.down_proj.weight')!.data;
  expect(written.some((value) => value !== 0)).toBe(true);
  await trainer.close();
});

describe('what a sampler tells beside the tokens', () => {
  const weights = strongWeights(base, 5);
  const context = sequence(9, 1, base.vocabSize);
  const task = {
    contexts: [
      { tokens: context, branches: [5, 9, 9].map((length, i) => ({ length, seed: 31 + i })) },
      { tokens: sequence(3, 2, base.vocabSize), branches: [{ length: 3, seed: 34 }] },
    ],
    maxTokens: 10,
    temperature: 1.5,
    stop: [3],
  };
  let model: Model;
  beforeAll(async () => {
    model = await Model.open({ config: base, weights }, { workers: 1, rows: 2 });
  });
  afterAll(() => model.close());

  test('log-probabilities are those of the uncached forward pass, without the temperature', async () => {
    const plain = await model.generate(task);
    const { completions } = await model.generate({ ...task, logprobs: { top: 4, of: [7, 0] } });
    expect(completions.map((row) => row.map(({ tokens }) => tokens))).toEqual(
      plain.completions.map((row) => row.map(({ tokens }) => tokens)),
    );
    expect(plain.completions[0]![0]).not.toHaveProperty('logprobs');
    for (const [i, { tokens, branches }] of task.contexts.entries()) {
      for (const [j, { length }] of branches.entries()) {
        const { tokens: drawn, logprobs } = completions[i]![j]!;
        expect(logprobs).toHaveLength(drawn.length);
        const whole = [...tokens.slice(0, length), ...drawn];
        const logits = await logitsOf(base, weights, whole);
        for (const [k, { logprob, top, of }] of logprobs!.entries()) {
          const at = (length - 1 + k) * base.vocabSize;
          const row = [...logits.slice(at, at + base.vocabSize)];
          const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
          expect(logprob).toBeCloseTo(row[drawn[k]!]! - total, 4);
          expect(of[0]).toBeCloseTo(row[7]! - total, 4);
          expect(of[1]).toBeCloseTo(row[0]! - total, 4);
          const ranked = row.map((x, id) => [id, x - total] as const);
          ranked.sort(([, a], [, b]) => b - a);
          expect(top.map(([id]) => id)).toEqual(ranked.slice(0, 4).map(([id]) => id));
          top.forEach(([, x], place) => {
            expect(x).toBeCloseTo(ranked[place]![1], 4);
          });
        }
      }
    }
  });

  test('weights that give no numbers are an error, whatever is asked', async () => {
    for (const [broken, name, bits] of [
      [Number.NaN, 'lm_head.weight', 32],
      [Number.POSITIVE_INFINITY, 'lm_head.weight', 32],
      [Number.NaN, 'lm_head.weight', 8],
      [Number.POSITIVE_INFINITY, 'lm_head.weight', 8],
      [Number.NaN, 'model.norm.weight', 8],
      [Number.POSITIVE_INFINITY, 'model.norm.weight', 8],
    ] as const) {
      const whole = weights.get(name)!;
      const changed = new Map(weights).set(name, {
        ...whole,
        data: whole.data.slice().fill(broken, 0, 1),
      });
      const failing = await Model.open({ config: base, weights: changed }, { workers: 1, bits });
      const items = [{ tokens: context, positions: [3] }];
      for (const asked of [
        failing.generate(task),
        failing.generate({ ...task, temperature: 0 }),
        failing.generate({ ...task, logprobs: { top: 1, of: [] } }),
        failing.score({ items, labels: [7] }),
      ]) {
        await expect(asked).rejects.toMatchObject({ code: 'not-finite' });
      }
      await failing.close();
    }
  });

  test('tokens are told as they are drawn, in the order of the answer', async () => {
    const heard: number[][] = [[], [], [], []];
    let steps = 0;
    const { completions } = await model.generate(task, (drawn) => {
      steps++;
      for (const { branch, token } of drawn) heard[branch]!.push(token);
    });
    expect(heard).toEqual(completions.flat().map(({ tokens }) => tokens));
    expect(steps).toBeGreaterThan(10);
  });

  test('a branch that was left ends early, and others go on as they would have', async () => {
    // So long that the message to leave arrives in time.
    const config = { ...base, maxPositions: 4096 };
    const long = await Model.open({ config, weights }, { workers: 1, rows: 2 });
    const endless = { ...task, contexts: task.contexts.slice(0, 1), maxTokens: 3000, stop: [] };
    const left = new SharedArrayBuffer(3 * 4);
    const flags = new Int32Array(left);
    Atomics.store(flags, 2, 1);
    const counts = [0, 0, 0];
    const { completions } = await long.generate({ ...endless, left }, (drawn) => {
      for (const { branch } of drawn) counts[branch]!++;
      if (counts[1]! >= 2) Atomics.store(flags, 1, 1);
      if (counts[0]! >= 40) Atomics.store(flags, 0, 1);
    });
    await long.close();
    const short = (await model.generate({ ...task, stop: [] })).completions[0]!;
    const [first, second, third] = completions[0]!;
    expect(completions[0]!.map(({ finish }) => finish)).toEqual(Array(3).fill('left'));
    expect(first!.tokens.length).toBeGreaterThanOrEqual(40);
    expect(first!.tokens.length).toBeLessThan(3000);
    expect(second!.tokens.length).toBeLessThan(first!.tokens.length);
    for (const [i, { tokens }] of [first!, second!].entries()) {
      expect(tokens.slice(0, 2)).toEqual(short[i]!.tokens.slice(0, 2));
    }
    expect(third!.tokens).toEqual([]);
  });
});

test('a provider that is not there is refused, listing those that are', async () => {
  const absent = providers.filter((name) => !availableProviders().includes(name));
  const refusal = {
    code: 'provider-unavailable',
    message: expect.stringContaining(availableProviders().join(', ')),
  };
  const start = { config: base, weights: initialWeights(base, 1) };
  for (const provider of [...absent, 'gpu' as Provider]) {
    await expect(Model.open(start, { provider })).rejects.toMatchObject(refusal);
    await expect(Trainer.open(start, { provider })).rejects.toMatchObject(refusal);
  }
});
