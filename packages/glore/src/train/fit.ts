/** Fits a model on examples with the engine: schedule, curves on disk, and a state file to go on from after a kill. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Adapter,
  type Bits,
  type Checkpoint,
  EngineError,
  type Example,
  openToAppend,
  type Provider,
  rateAt,
  readSafetensors,
  type Schedule,
  Trainer,
  type Weights,
  writeSafetensors,
} from '@glore/engine';
import { z } from 'zod';
import {
  amount,
  brokenRecord,
  count,
  explained,
  readLines,
  recordIn,
  writeJsonl,
} from '../files/index.js';

/** One line of `curve.jsonl`. */
export interface CurvePoint {
  readonly step: number;
  /** Positions learned from so far. */
  readonly tokens: number;
  readonly rate: number;
  /** Mean loss of the steps since the last point, nats per target. */
  readonly loss: number;
  /** Mean loss on the held-out examples, nats per target. */
  readonly heldOut: number;
}

const point: z.ZodType<CurvePoint> = z.object({
  step: count.min(1),
  tokens: count,
  rate: amount,
  loss: amount,
  heldOut: amount,
});

export interface FitOptions {
  /** What is trained: all weights, or an adapter beside them. */
  readonly start: Pick<Checkpoint, 'config' | 'weights'> & { readonly adapter?: Adapter };
  /** The batch of a step, 1-based; the same step must give the same batch. */
  readonly batch: (step: number) => readonly Example[];
  readonly heldOut: readonly Example[];
  readonly schedule: Schedule;
  /** Updates to make, if the schedule is not followed to its end. */
  readonly steps?: number;
  /** Steps between points of the curve. */
  readonly evaluateEvery: number;
  /** Seconds between saved states. */
  readonly saveEvery: number;
  /** Where the curve and, while training lasts, the state are. */
  readonly folder: string;
  readonly workers: number;
  readonly provider?: Provider | undefined;
  /** Bits of the weights beside an adapter. */
  readonly bits?: Bits | undefined;
  readonly onStep?: (step: number, tokens: number, loss: number) => void;
  readonly onPoint?: (point: CurvePoint) => void;
  readonly signal?: AbortSignal;
}

export interface FitResult {
  readonly weights: Weights;
  /** What was learned in the place of the weights. */
  readonly adapter?: Adapter;
  /** Positions learned from. */
  readonly tokens: number;
  /** Positions computed for that. */
  readonly computed: number;
}

/** Trains to the last step, going on from the folder's state if there is one. */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { schedule, folder, heldOut, steps = schedule.steps } = options;
  await mkdir(folder, { recursive: true });
  const statePath = join(folder, 'state.safetensors');
  const curvePath = join(folder, 'curve.jsonl');
  const { workers, provider, bits } = options;
  const trainer = await Trainer.open(options.start, { workers, provider, bits });
  try {
    let step = 0;
    let counts: Counters = { tokens: 0, lossSum: 0, lossSteps: 0, computed: 0 };
    if (existsSync(statePath)) {
      ({ step, ...counts } = await restore(trainer, statePath, steps));
    }
    await cutCurve(curvePath, step);
    let saved = performance.now();
    while (step < steps) {
      if (options.signal?.aborted) {
        await save(trainer, statePath, counts);
        options.signal.throwIfAborted();
      }
      const rate = rateAt(schedule, ++step);
      const report = await trainer.step(options.batch(step), rate);
      counts = {
        tokens: counts.tokens + report.tokens,
        lossSum: counts.lossSum + report.loss,
        lossSteps: counts.lossSteps + 1,
        computed: counts.computed + report.computed,
      };
      options.onStep?.(step, counts.tokens, report.loss);
      if (step % options.evaluateEvery === 0 || step === steps) {
        const point: CurvePoint = {
          step,
          tokens: counts.tokens,
          rate,
          loss: counts.lossSum / counts.lossSteps,
          heldOut: await trainer.loss(heldOut),
        };
        await addPoint(curvePath, point);
        options.onPoint?.(point);
        counts = { ...counts, lossSum: 0, lossSteps: 0 };
      }
      if (performance.now() - saved > options.saveEvery * 1000 && step < steps) {
        await save(trainer, statePath, counts);
        saved = performance.now();
      }
    }
    const adapter = trainer.adapter();
    return {
      weights: trainer.weights(),
      ...(adapter && { adapter }),
      tokens: counts.tokens,
      computed: counts.computed,
    };
  } finally {
    await trainer.close();
  }
}

/** Removes what only going on would need; called once the result is safe elsewhere. */
export async function forgetState(folder: string): Promise<void> {
  await rm(join(folder, 'state.safetensors'), { force: true });
}

// A state of an earlier version has not the last of them.
const counters = ['tokens', 'lossSum', 'lossSteps', 'computed'] as const;
type Counters = Record<(typeof counters)[number], number>;

async function save(trainer: Trainer, path: string, counts: Counters): Promise<void> {
  const { step, ...vectors } = trainer.state();
  const tensors = new Map(
    Object.entries(vectors).map(([name, data]) => [
      name,
      { shape: [data.length], data: Float32Array.from(data) },
    ]),
  );
  // The counts go in as the bytes of doubles: exact, and one file is one atomic rename.
  const numbers = new Float32Array(
    Float64Array.of(step, ...counters.map((name) => counts[name])).buffer,
  );
  tensors.set('counts', { shape: [numbers.length], data: numbers });
  await writeSafetensors(`${path}.part`, tensors);
  await rename(`${path}.part`, path);
}

async function restore(
  trainer: Trainer,
  path: string,
  steps: number,
): Promise<Counters & { step: number }> {
  const broken = (expected: string, found: string) =>
    brokenRecord(path, [], expected, found, `delete ${path}, and this training begins anew`);
  try {
    const tensors = await readSafetensors(path);
    const vector = (name: string) => tensors.get(name)?.data ?? new Float32Array(0);
    const counts = new Float64Array(Float32Array.from(vector('counts')).buffer);
    const [step = -1, tokens = -1, lossSum = Number.NaN, lossSteps = -1, computed = 0] = counts;
    const whole = [step, tokens, lossSteps, computed].every(
      (n) => Number.isSafeInteger(n) && n >= 0,
    );
    if (!whole || step > steps || !Number.isFinite(lossSum)) {
      throw broken(`counts of an update up to ${steps}`, `[${counts.join(', ')}]`);
    }
    const state = {
      step,
      parameters: vector('parameters'),
      first: vector('first'),
      second: vector('second'),
    };
    for (const name of ['parameters', 'first', 'second'] as const) {
      if (!state[name].every(Number.isFinite)) throw broken(`finite numbers in ${name}`, 'others');
    }
    trainer.restore(state);
    return { step, tokens, lossSum, lossSteps, computed };
  } catch (error) {
    if (error instanceof EngineError) throw broken('the state of this training', error.message);
    throw error;
  }
}

const cureOf = (path: string): string =>
  `delete ${path} and run the same command again: what it says of this training is lost`;

/** The points of a curve, `curve.jsonl`; what a kill has left of a last line counts for nothing. */
export async function readCurve(path: string): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  if (!existsSync(path)) return points;
  await explained(path, async () => {
    for await (const line of readLines(path)) {
      if (line.ended) points.push(recordIn(path, line, point, cureOf(path)));
    }
  });
  return points;
}

/** How many positions a training that is done has learned from; undefined where its curve does not say so. */
export async function tokensLearned(folder: string): Promise<number | undefined> {
  return (await readCurve(join(folder, 'curve.jsonl'))).at(-1)?.tokens;
}

/** Drops the points after `step`: they will be made again. */
async function cutCurve(path: string, step: number): Promise<void> {
  if (!existsSync(path)) return;
  const kept = (await readCurve(path)).filter((point) => point.step <= step);
  await writeJsonl(path, kept);
}

const addPoint = (path: string, point: CurvePoint): Promise<void> =>
  explained(path, async () => {
    const file = await openToAppend(path);
    try {
      await file.writeFile(`${JSON.stringify(point)}\n`);
    } finally {
      await file.close();
    }
  });
