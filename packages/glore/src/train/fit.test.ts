import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Example,
  initialAdapter,
  initialWeights,
  type LlamaConfig,
  nextTokenExample,
  rateAt,
  Trainer,
  type Weights,
} from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CurvePoint, type FitOptions, type FitResult, fit, forgetState } from './fit.js';

const config: LlamaConfig = {
  vocabSize: 16,
  hiddenSize: 64,
  intermediateSize: 64,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 32,
  tieEmbeddings: false,
};
const start = { config, weights: initialWeights(config, 1) };
/** Counting upwards by a step that the second token shows: to be learned from what was read, not by heart. */
const counting = (first: number, by: number): Example =>
  nextTokenExample(
    Array.from({ length: 12 }, (_, i) => (first + i * by) % 16),
    2,
  );
const batch = (step: number): Example[] =>
  Array.from({ length: 16 }, (_, i) => counting((5 * step + i) % 16, 1 + ((step + i) % 3)));
const heldOut = [counting(3, 1), counting(8, 2), counting(13, 3)];
const schedule = { rate: 5e-3, warmup: 3, steps: 12, floor: 0.1 };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'glore-fit-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const options = (name: string, more: Partial<FitOptions> = {}): FitOptions => ({
  start,
  batch,
  heldOut,
  schedule,
  evaluateEvery: 5,
  saveEvery: 3600,
  folder: join(root, name),
  workers: 2,
  ...more,
});
const curveText = (name: string) => readFile(join(root, name, 'curve.jsonl'), 'utf8');
const curveOf = async (name: string): Promise<CurvePoint[]> =>
  (await curveText(name))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const filesIn = async (name: string) => (await readdir(join(root, name))).sort();
/** The bytes of all weights: not a bit may differ. */
const bytes = (weights: Weights) =>
  new Map([...weights].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]));

describe('fit', () => {
  let whole: FitResult;
  const losses: number[] = [];
  const points: CurvePoint[] = [];
  beforeAll(async () => {
    whole = await fit(
      options('whole', {
        onStep: (step, tokens, loss) => {
          expect(tokens).toBe(step * 16 * 12);
          losses.push(loss);
        },
        onPoint: (point) => points.push(point),
      }),
    );
  });

  /** Fits in a folder, and expects the first update to be the one after `from`. */
  async function goOn(name: string, from: number, more: Partial<FitOptions> = {}) {
    const asked: number[] = [];
    const asking = (step: number) => {
      asked.push(step);
      return batch(step);
    };
    try {
      return await fit(options(name, { batch: asking, ...more }));
    } finally {
      expect(asked).toEqual(asked.map((_, i) => from + 1 + i));
    }
  }

  async function expectWhole(name: string, result: FitResult): Promise<void> {
    expect(result.tokens).toBe(whole.tokens);
    expect(result.computed).toBe(whole.computed);
    expect(bytes(result.weights)).toEqual(bytes(whole.weights));
    expect(await curveText(name)).toBe(await curveText('whole'));
  }

  it('learns, from the start that it is given', async () => {
    const { weights } = await fit(
      options('learning', {
        schedule: { ...schedule, warmup: 10, steps: 50 },
      }),
    );
    const curve = await curveOf('learning');
    expect(curve[0]!.heldOut).toBeGreaterThan(1);
    expect(curve.at(-1)!.heldOut).toBeLessThan(0.1);
    expect(curve.at(-1)!.loss).toBeLessThan(0.1);
    const trainer = await Trainer.open({ config, weights }, { workers: 2 });
    expect(await trainer.loss(heldOut)).toBe(curve.at(-1)!.heldOut);
    await trainer.close();
    // The weights of the start are as they were.
    expect(bytes(start.weights)).toEqual(bytes(initialWeights(config, 1)));
  });

  it('draws the curve: a point every few steps and at the last', async () => {
    const curve = await curveOf('whole');
    expect(curve).toEqual(points);
    expect(curve.map(({ step }) => step)).toEqual([5, 10, 12]);
    expect(losses).toHaveLength(12);
    for (const [i, { step, tokens, rate, loss, heldOut: held }] of curve.entries()) {
      expect(tokens).toBe(step * 16 * 12);
      expect(rate).toBe(rateAt(schedule, step));
      const since = losses.slice(i === 0 ? 0 : curve[i - 1]!.step, step);
      expect(loss).toBeCloseTo(since.reduce((a, b) => a + b, 0) / since.length, 12);
      expect(held).toBeGreaterThan(0);
    }
    expect(whole.tokens).toBe(12 * 16 * 12);
  });

  it('goes on after aborts, and ends with the same bits', async () => {
    const before = AbortSignal.abort();
    await expect(goOn('aborted', 0, { signal: before })).rejects.toThrow(before.reason);
    const controller = new AbortController();
    const onStep = (step: number) => {
      if (step === 7) controller.abort();
    };
    const { signal } = controller;
    const aborted = goOn('aborted', 0, { onStep, signal });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(await filesIn('aborted')).toEqual(['curve.jsonl', 'state.safetensors']);

    const wider = { ...config, intermediateSize: 128 };
    const another = { config: wider, weights: initialWeights(wider, 1) };
    const refused = goOn('aborted', 7, { start: another });
    await expect(refused).rejects.toMatchObject({ code: 'record-broken' });

    await expectWhole('aborted', await goOn('aborted', 7));
    await forgetState(join(root, 'aborted'));
    expect(await filesIn('aborted')).toEqual(['curve.jsonl']);
    await forgetState(join(root, 'aborted'));
  });

  it('goes on with an adapter as with all weights', async () => {
    const shape = { rank: 2, alpha: 4, modules: ['q_proj', 'up_proj'] } as const;
    const adapted = { ...start, adapter: initialAdapter(config, shape, 1) };
    const uninterrupted = await fit(options('adapter', { start: adapted }));
    const controller = new AbortController();
    const stopped = options('adapter-stopped', {
      start: adapted,
      signal: controller.signal,
      onStep: (step) => step === 5 && controller.abort(),
    });
    await expect(fit(stopped)).rejects.toThrow();
    const result = await fit(options('adapter-stopped', { start: adapted }));
    expect(bytes(result.adapter!.weights)).toEqual(bytes(uninterrupted.adapter!.weights));
    expect(bytes(result.adapter!.weights)).not.toEqual(bytes(adapted.adapter.weights));
    expect(result.weights).toBe(start.weights);
    expect(await curveText('adapter-stopped')).toBe(await curveText('adapter'));
  });

  it('goes on after crashes from the last saved state, and makes later points again', async () => {
    const crash = new Error('power cut');
    const lost = goOn('crashed', 0, {
      onStep: (step) => {
        if (step === 7) throw crash;
      },
    });
    await expect(lost).rejects.toThrow(crash);
    // Nothing was saved but a point of the curve.
    expect(await filesIn('crashed')).toEqual(['curve.jsonl']);
    expect(await curveOf('crashed')).toHaveLength(1);

    const saving = goOn('crashed', 0, {
      saveEvery: 0,
      onPoint: ({ step }) => {
        // The point of step 10 is on disk by now, the state of step 10 is not.
        if (step === 10) throw crash;
      },
    });
    await expect(saving).rejects.toThrow(crash);
    expect(await curveOf('crashed')).toHaveLength(2);
    // What was being written is cut off anywhere.
    await appendFile(join(root, 'crashed', 'curve.jsonl'), '{"step":11,"tok');
    await expectWhole('crashed', await goOn('crashed', 9));
  });
});
