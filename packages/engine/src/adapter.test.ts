/** Adapters: learned on a frozen model, computed beside it or merged into it, read and written as PEFT's. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frozenOf, logitsOf, relativeError, strongAdapter, strongWeights } from './golden/index.js';
import { loadAdapter, readSafetensors, saveAdapter, writeSafetensors } from './hf/index.js';
import {
  type Adapter,
  type AdapterShape,
  adapterLayoutOf,
  adapterShapes,
  flatten,
  frozenValues,
  initialAdapter,
  type LlamaConfig,
  mergeAdapter,
} from './llama/index.js';
import { Session, Tensor } from './onnx/index.js';
import { Model, Trainer } from './parallel/index.js';
import { batchFeeds, dealt, type Example, nextTokenExample, trainingGraph } from './train/index.js';

const config: LlamaConfig = {
  vocabSize: 23,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 8,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 32,
  tieEmbeddings: false,
};
const shape: AdapterShape = { rank: 3, alpha: 6, modules: ['q_proj', 'v_proj', 'down_proj'] };
const weights = strongWeights(config, 1);
const tokens = Array.from({ length: 14 }, (_, i) => (i * i * 5 + 3) % config.vocabSize);
const batch: Example[] = [nextTokenExample(tokens, 1), nextTokenExample(tokens.slice(3), 1)];

test('a fresh adapter changes nothing, a strong one does', async () => {
  const plain = await logitsOf(config, weights, tokens);
  expect(await logitsOf(config, weights, tokens, initialAdapter(config, shape, 1))).toEqual(plain);
  const strong = strongAdapter(config, shape, 1);
  expect(relativeError(await logitsOf(config, weights, tokens, strong), plain)).toBeGreaterThan(
    0.1,
  );
});

test('gives the logits of PEFT', async () => {
  // Written by bench/interop/golden.mjs.
  const path = new URL('./golden/adapter.golden.json', import.meta.url);
  const golden = JSON.parse(await readFile(path, 'utf8')) as {
    readonly config: LlamaConfig;
    readonly shape: AdapterShape;
    readonly seed: number;
    readonly tokens: readonly number[];
    readonly last: readonly number[];
  };
  const model = strongWeights(golden.config, golden.seed);
  const adapter = strongAdapter(golden.config, golden.shape, golden.seed);
  const found = await logitsOf(golden.config, model, golden.tokens, adapter);
  expect(relativeError(found.subarray(-golden.last.length), golden.last)).toBeLessThan(1e-4);
});

test.each<[string, Partial<LlamaConfig>, Partial<AdapterShape>]>([
  ['queries, values, down', {}, {}],
  ['one of those computed together', {}, { modules: ['k_proj', 'up_proj'] }],
  ['the last layer alone', {}, { layers: [1] }],
  ['the first layer alone', {}, { layers: [0] }],
  [
    'all, beside biases',
    { attentionBias: 'qkvo' },
    { modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] },
  ],
])('merged, beside the weights and cached is one function: %s', async (_, change, other) => {
  const one = { ...config, ...change };
  const model = strongWeights(one, 2);
  const adapter = strongAdapter(one, { ...shape, ...other }, 2);
  const apart = await logitsOf(one, model, tokens, adapter);
  const merged = await logitsOf(one, mergeAdapter(model, adapter), tokens);
  expect(relativeError(merged, apart)).toBeLessThan(1e-5);

  const labels = Array.from({ length: one.vocabSize }, (_, id) => id);
  const positions = [tokens.length - 1];
  const task = {
    contexts: [{ tokens, branches: [{ length: 5, seed: 1 }] }],
    maxTokens: 12,
    temperature: 0,
    stop: [],
  };
  const [cached, inOne] = await Promise.all(
    [{ adapter, weights: model }, { weights: mergeAdapter(model, adapter) }].map(async (given) => {
      const opened = await Model.open({ config: one, ...given }, { workers: 1, rows: 1 });
      const [[scores]] = (await opened.score({ items: [{ tokens, positions }], labels })) as [
        [number[]],
      ];
      const { completions } = await opened.generate(task);
      await opened.close();
      return { scores, completions };
    }),
  );
  expect(cached!.completions).toEqual(inOne!.completions);
  const row = [...apart.subarray(-one.vocabSize)];
  const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  expect(
    relativeError(
      cached!.scores,
      row.map((value) => value - total),
    ),
  ).toBeLessThan(1e-5);
});

test.each([
  ['all layers', undefined],
  ['the last', [1]],
])('gradients are those of finite differences: %s', async (_, layers) => {
  const adapter = strongAdapter(config, { ...shape, layers }, 3);
  const learned = adapterLayoutOf(config, adapter);
  const work = dealt(batch, config, 1)[0]![0];
  const session = await Session.compile(
    trainingGraph(
      {
        config,
        learned: learned.entries,
        frozen: frozenValues(config, frozenOf(config, weights)),
        adapterScale: 2,
      },
      work!.kind,
      true,
    ),
  );
  const values = new Float32Array(learned.size);
  flatten(learned, adapter.weights, values);
  const run = () =>
    session.run({
      ...Object.fromEntries(
        learned.entries.map(({ name, shape, start, end }) => [
          name,
          new Tensor('float32', values.slice(start, end), shape),
        ]),
      ),
      ...batchFeeds(config, work!),
    });
  const outputs = await run();
  const loss = async () => (await run()).loss!.data[0] as number;
  expect(Object.keys(outputs).sort()).toEqual(
    ['loss', ...learned.entries.map(({ name }) => `d:${name}`)].sort(),
  );
  const step = 3e-3;
  for (const { name, start, end } of learned.entries) {
    const gradient = outputs[`d:${name}`]!.data as Float32Array;
    let largest = 0;
    for (const value of gradient) largest = Math.max(largest, Math.abs(value));
    // A few places of each tensor, spread over it.
    for (let k = 0; k < end - start; k += Math.ceil((end - start) / 4)) {
      const kept = values[start + k]!;
      values[start + k] = kept + step;
      const up = await loss();
      values[start + k] = kept - step;
      const down = await loss();
      values[start + k] = kept;
      const numeric = (up - down) / (2 * step);
      expect(Math.abs(gradient[k]! - numeric), `${name} ${k}`).toBeLessThan(
        2e-2 * Math.max(1, largest),
      );
    }
  }
  await session.release();
});

test('training an adapter of some layers changes these alone', async () => {
  const adapter = initialAdapter(config, { ...shape, alpha: 12, layers: [1] }, 4);
  const trainer = await Trainer.open({ config, weights, adapter }, { workers: 2 });
  const first = await trainer.loss(batch);
  for (let i = 0; i < 16; i++) await trainer.step(batch, 1e-2);
  expect(await trainer.loss(batch)).toBeLessThan(0.9 * first);
  const learned = trainer.adapter()!;
  expect(learned.layers).toEqual([1]);
  expect([...learned.weights.keys()].every((name) => name.includes('.layers.1.'))).toBe(true);
  await trainer.close();
});

test('training learns the adapter alone, and goes on from a saved state with the same bits', async () => {
  const adapter = initialAdapter(config, { ...shape, alpha: 12 }, 4);
  const open = () => Trainer.open({ config, weights, adapter }, { workers: 2 });
  const [trainer, other] = await Promise.all([open(), open()]);
  const first = await trainer.loss(batch);
  for (let i = 0; i < 8; i++) await trainer.step(batch, 1e-2);
  const state = trainer.state();
  expect(state.parameters).toHaveLength(
    adapterShapes(config, shape).reduce((sum, [, [a, b]]) => sum + a! * b!, 0),
  );
  for (let i = 0; i < 8; i++) await trainer.step(batch, 1e-2);
  const last = await trainer.loss(batch);
  expect(last).toBeLessThan(0.8 * first);
  other.restore(state);
  for (let i = 0; i < 8; i++) await other.step(batch, 1e-2);
  expect(other.adapter()).toEqual(trainer.adapter());
  expect(trainer.weights()).toBe(weights);
  // What was learned is in the adapter: merged into the model it has the same loss.
  const learned = trainer.adapter()!;
  const merged = await Trainer.open({ config, weights: mergeAdapter(weights, learned) });
  expect(await merged.loss(batch)).toBeCloseTo(last, 4);
  await Promise.all([trainer, other, merged].map((one) => one.close()));
});

describe('PEFT folders', () => {
  let dir: string;
  const adapter = strongAdapter(config, shape, 5);
  beforeAll(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'adapter-')), 'adapter');
    await saveAdapter(dir, adapter, 'base');
  });
  afterAll(() => rm(join(dir, '..'), { recursive: true }));

  /** The adapter read back after a change to its settings. */
  async function reread(change: object): Promise<Adapter> {
    const path = join(dir, 'adapter_config.json');
    const kept = await readFile(path, 'utf8');
    await writeFile(path, JSON.stringify({ ...JSON.parse(kept), ...change }));
    try {
      return await loadAdapter(dir, config);
    } finally {
      await writeFile(path, kept);
    }
  }

  test('come back as they were', async () => {
    expect(await loadAdapter(dir, config)).toEqual(adapter);
    const { alpha } = await reread({ use_rslora: true });
    expect(alpha).toBeCloseTo(6 * Math.sqrt(3));
  });

  test('say which layers they change', async () => {
    const some = strongAdapter(config, { ...shape, layers: [1] }, 5);
    const folder = join(dir, '../some');
    await saveAdapter(folder, some, 'base');
    expect(await loadAdapter(folder, config)).toEqual(some);
    const json = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'));
    expect(json.layers_to_transform).toEqual([1]);
  });

  test('have the names of PEFT', async () => {
    const tensors = await readSafetensors(join(dir, 'adapter_model.safetensors'));
    const at = 'base_model.model.model.layers.1.self_attn.q_proj';
    expect(tensors.get(`${at}.lora_A.weight`)!.shape).toEqual([3, 16]);
    expect(tensors.get(`${at}.lora_B.weight`)!.shape).toEqual([16, 3]);
    expect(tensors.size).toBe(2 * 3 * 2);
  });

  test.each([
    [{ peft_type: 'IA3' }, 'adapter-unsupported', /peft_type is "IA3"/],
    [{ use_dora: true }, 'adapter-unsupported', /use_dora/],
    [{ rank_pattern: { q_proj: 2 } }, 'adapter-unsupported', /rank_pattern/],
    [{ target_modules: ['lm_head'] }, 'adapter-unsupported', /target_modules.*q_proj, k_proj/],
    [{ r: 0 }, 'adapter-invalid', /rank must be a whole number above 0, found 0/],
    [{ lora_alpha: 'x' }, 'adapter-invalid', /alpha/],
    [{ layers_to_transform: [2] }, 'adapter-invalid', /layers must be some of 0 to 1, found \[2\]/],
    [{ layers_to_transform: ['x'] }, 'adapter-invalid', /layers must be/],
    [{ layers_to_transform: 0 }, 'tensor-unexpected', /layers\.1\./],
    [{ r: 2 }, 'tensor-misshapen', /lora_A.weight of shape \[2,16\], found \[3,16\]/],
    [{ target_modules: ['q_proj', 'k_proj'] }, 'tensor-missing', /k_proj.lora_A/],
    [{ target_modules: ['q_proj'] }, 'tensor-unexpected', /v_proj.lora_A/],
  ])('are refused by name: %j', async (change, code, message) => {
    await expect(reread(change)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('are not mistaken for other folders', async () => {
    await expect(loadAdapter(join(dir, '..'), config)).rejects.toMatchObject({
      code: 'adapter-missing',
    });
    await expect(saveAdapter(join(dir, '..'), adapter, 'base')).rejects.toMatchObject({
      code: 'checkpoint-occupied',
    });
    await expect(
      saveAdapter(join(dir, 'adapter_config.json'), adapter, 'base'),
    ).rejects.toMatchObject({ code: 'file-kind' });
    await writeSafetensors(join(dir, 'adapter_model.safetensors'), new Map());
    await expect(loadAdapter(dir, config)).rejects.toMatchObject({ code: 'tensor-missing' });
  });
});
