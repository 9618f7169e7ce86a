/** Trains a base checkpoint by its recipe, from nothing or from another one; those in `checkpoints` were made like this. */
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  buildTokenizer,
  type Checkpoint,
  deepen,
  initialWeights,
  loadCheckpoint,
  openTokenizer,
  readWhole,
  saveCheckpoint,
} from '@glore/engine';
import { z } from 'zod';
import { createCodec, specialTokens } from '../codec/index.js';
import { replaceFile } from '../files/index.js';
import { hash32, worldTexts } from '../problem/index.js';
import { count, parseRecipe, provider, range, worldSettings } from '../recipe/index.js';
import { lockRun, type Reporter, runStage, type StageRecord } from '../run/index.js';
import { fit, forgetState } from '../train/index.js';
import { type BaseMixture, baseBatch } from './mixture.js';

const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const kind = z.int().min(0).default(0);

const phase = z.strictObject({
  seed,
  layers: count,
  /** Updates made, along a schedule that would end after `decayOver`. */
  steps: count,
  decayOver: count,
  rate: z.number().positive().max(1),
  warmup: count,
  /** Sequences in a batch, by kind. */
  problems: kind,
  pages: kind,
  sums: kind,
  drills: kind,
  checks: kind,
  judgements: kind,
  revisions: kind,
  questionWeight: z.number().min(0).default(0),
  drillSizes: z
    .array(z.strictObject({ maxValue: z.int(), operands: range, factors: range }))
    .min(1),
  labelWeight: z.number().positive().default(1),
});

const shape = z.strictObject({
  hiddenSize: count,
  intermediateSize: count,
  heads: count,
  kvHeads: count,
  headSize: count.multipleOf(16),
  maxPositions: count,
});

const recipeShape = z.strictObject({
  seed,
  workers: count,
  provider,
  /** The shape of a model that begins with random weights, or the checkpoint of the same world that training goes on from. */
  model: shape.optional(),
  start: z.string().min(1).optional(),
  settings: worldSettings,
  /** Equations in a sequence of them. */
  equations: count,
  /** Batches of the dev structures that the curve's held-out loss is measured on. */
  heldOut: count,
  evaluateEvery: count,
  phases: z.array(phase).min(1),
});

const schema = recipeShape.refine(
  ({ model, start }) => (model === undefined) !== (start === undefined),
  {
    path: ['model'],
    error: 'either model (a shape, from nothing) or start (a checkpoint to go on from)',
  },
);

/** A base recipe: the model's shape, the mixture, and one phase after the other, each deeper than the last or as deep. */
export type BaseRecipe = z.infer<typeof schema>;

/** @throws GloreError `recipe` naming the file, line and key */
export function readBaseRecipe(path: string): BaseRecipe {
  const { start, ...recipe } = parseRecipe(path, schema);
  return start === undefined ? recipe : { ...recipe, start: resolve(dirname(path), start) };
}

/** The tokenizer.json of a base: the words of its world, and the codec's special tokens. */
export const tokenizerOf = ({ settings }: Pick<BaseRecipe, 'settings'>): string =>
  buildTokenizer({ texts: worldTexts(settings), special: specialTokens });

export interface BaseOptions {
  readonly folder: string;
  readonly recipe: BaseRecipe;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
}

/** Trains phase after phase in the run folder; the last checkpoint is `<folder>/model`, with its curves beside it. */
export async function trainBase({ folder, recipe, reporter, signal }: BaseOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const unlock = await lockRun(folder);
  try {
    const { phases, ...common } = recipe;
    const first = recipe.start ? await loadCheckpoint(recipe.start) : fromNothing(recipe);
    const opened = openTokenizer(first.tokenizer);
    const codec = createCodec(opened);
    const longest = first.config.maxPositions;
    const done: StageRecord[] = [];
    for (const [index, { layers, steps, decayOver, rate, warmup, ...kinds }] of phases.entries()) {
      const name = `phase-${index + 1}`;
      const mixture: BaseMixture = { ...common, ...kinds, encode: opened.encode, longest };
      const record = await runStage({
        run: folder,
        name,
        settings: { common, phase: phases[index] },
        upstream: done.slice(-1),
        reporter,
        ...(signal && { signal }),
        work: async (context) => {
          const start = await startOf(index, layers);
          context.progress.total(steps, 'updates');
          let counted = 0;
          const { weights, tokens } = await fit({
            start,
            batch: (step) => baseBatch(codec, mixture, 'train', step),
            heldOut: Array.from({ length: recipe.heldOut }, (_, i) =>
              baseBatch(codec, mixture, 'dev', i + 1),
            ).flat(),
            schedule: { rate, warmup, steps: decayOver, floor: 0.05 },
            steps,
            evaluateEvery: recipe.evaluateEvery,
            saveEvery: 60,
            folder: context.folder,
            workers: recipe.workers,
            provider: recipe.provider,
            ...(signal && { signal }),
            onStep: (step, _tokens, loss) => {
              context.progress.advance(step - counted, `loss ${loss.toFixed(3)}`);
              counted = step;
            },
          });
          await saveCheckpoint(join(context.folder, 'model'), { ...start, weights });
          await forgetState(context.folder);
          return { trainedTokens: tokens };
        },
      });
      done.push(record);
    }
    const last = join(folder, `phase-${phases.length}`);
    await saveCheckpoint(join(folder, 'model'), await loadCheckpoint(join(last, 'model')));
    for (const [index] of phases.entries()) {
      const curve = await readWhole(join(folder, `phase-${index + 1}`, 'curve.jsonl'));
      await replaceFile(join(folder, `curve-${index + 1}.jsonl`), [curve]);
    }

    async function startOf(index: number, layers: number): Promise<Checkpoint> {
      const before =
        index > 0 ? await loadCheckpoint(join(folder, `phase-${index}`, 'model')) : first;
      const seed = hash32(`deepen/${recipe.seed}/${index}`);
      return { ...before, ...deepen(before.config, before.weights, layers, seed) };
    }
  } finally {
    await unlock();
  }
}

/** A model of the recipe's shape, as deep as its first phase, with random weights and the words of its world. */
function fromNothing({ model, phases, seed, settings }: BaseRecipe): Checkpoint {
  const tokenizer = tokenizerOf({ settings });
  const opened = openTokenizer(tokenizer);
  const { ids } = createCodec(opened);
  const config = {
    ...model!,
    layers: phases[0]!.layers,
    vocabSize: opened.size,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    tieEmbeddings: false,
    bosToken: ids.bos,
    eosToken: ids.eos,
    padToken: ids.pad,
  };
  return { config, weights: initialWeights(config, seed), tokenizer };
}
