/** Trains the base checkpoint from nothing, by its recipe; `checkpoints/base` was made like this. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
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
  rate: z.number().positive(),
  warmup: count,
  /** Sequences in a batch, by kind. */
  problems: kind,
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

const schema = z.strictObject({
  seed,
  workers: count,
  provider,
  model: z.strictObject({
    hiddenSize: count,
    intermediateSize: count,
    heads: count,
    kvHeads: count,
    headSize: count.multipleOf(16),
    maxPositions: count,
  }),
  settings: worldSettings,
  /** Equations in a sequence of them. */
  equations: count,
  /** Batches of the dev structures that the curve's held-out loss is measured on. */
  heldOut: count,
  evaluateEvery: count,
  phases: z.array(phase).min(1),
});

/** A base recipe: the model's shape, the mixture, and one phase after the other, each deeper than the last or as deep. */
export type BaseRecipe = z.infer<typeof schema>;

/** @throws GloreError `recipe` naming the file, line and key */
export const readBaseRecipe = (path: string): BaseRecipe => parseRecipe(path, schema);

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
    const tokenizer = buildTokenizer({
      texts: worldTexts(recipe.settings),
      special: specialTokens,
    });
    const opened = openTokenizer(tokenizer);
    const codec = createCodec(opened);
    const { phases, ...common } = recipe;
    const done: StageRecord[] = [];
    for (const [index, { layers, steps, decayOver, rate, warmup, ...kinds }] of phases.entries()) {
      const name = `phase-${index + 1}`;
      const mixture: BaseMixture = { ...common, ...kinds, encode: opened.encode };
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
      if (index > 0) {
        const before = await loadCheckpoint(join(folder, `phase-${index}`, 'model'));
        return {
          ...before,
          ...deepen(
            before.config,
            before.weights,
            layers,
            hash32(`deepen/${recipe.seed}/${index}`),
          ),
        };
      }
      const config = {
        ...recipe.model,
        layers,
        vocabSize: opened.size,
        ropeTheta: 10_000,
        normEpsilon: 1e-5,
        tieEmbeddings: false,
        bosToken: codec.ids.bos,
        eosToken: codec.ids.eos,
        padToken: codec.ids.pad,
      };
      return { config, weights: initialWeights(config, recipe.seed), tokenizer };
    }
  } finally {
    await unlock();
  }
}
