/** Training a model within a stage: its loss mask, its progress, its curve and its checkpoint. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  adapterModules,
  distinctPositions,
  type Example,
  initialAdapter,
  mergeAdapter,
  saveAdapter,
  saveCheckpoint,
} from '@glore/engine';
import type { Codec } from '../codec/index.js';
import { type LossMask, maskReport } from '../dataset/index.js';
import { GloreError } from '../error.js';
import { writeJson } from '../files/index.js';
import type { Lora, Training } from '../recipe/index.js';
import type { StageContext } from '../run/index.js';
import {
  batches,
  fit,
  forgetState,
  type GroupedExample,
  grouped,
  holdOutExamples,
  scheduleOf,
  tokensLearned,
} from '../train/index.js';
import type { Run } from './context.js';
import type { Trained } from './models.js';

/** Records as examples, those of one problem in a group. */
export const examplesOf = <R extends { readonly problem: string }>(
  codec: Codec,
  records: readonly R[],
  example: (codec: Codec, record: R) => Example,
): GroupedExample[] =>
  records.map((record) => ({ ...example(codec, record), group: record.problem }));

/** A training of a stage. */
export interface TrainingOptions {
  /** Of the training's files, and of its random choices. */
  readonly name: string;
  readonly start: Trained;
  readonly examples: readonly GroupedExample[];
  readonly training: Training;
  /** Whether batches are of whole problems. Default false. */
  readonly together?: boolean | undefined;
  /** The folder of the weights that an adapter stands on; it is merged into them if left out. */
  readonly on?: string;
  /** The folder of the checkpoint, or of the adapter. */
  readonly model: string;
}

/**
 * Fits a checkpoint on examples and saves it, unless that is done already; the loss mask is written first. Returns the tokens
 * learned from, whenever that was.
 */
export async function trainModel(
  run: Run,
  context: StageContext,
  options: TrainingOptions,
): Promise<number> {
  const done = [options.model, maskPath(context.folder, options.name)].every(existsSync);
  const learned = done ? await tokensLearned(join(context.folder, options.name)) : undefined;
  if (learned === undefined) return trainAnew(run, context, options);
  await forgetState(join(context.folder, options.name));
  return learned;
}

const maskPath = (folder: string, name: string): string => join(folder, `${name}.mask.json`);

async function trainAnew(
  run: Run,
  { folder, signal, progress, count }: StageContext,
  options: TrainingOptions,
): Promise<number> {
  const { name, start, examples, training, together = false, on, model } = options;
  const { recipe, codec } = run;
  const { examples: usable, mask } = maskReport(codec, examples, start.config.maxPositions);
  await writeJson(maskPath(folder, name), mask);
  progress.note(`${name}: ${describeMask(mask)}`);
  if (mask.targets === 0) {
    throw new GloreError(
      'loss-empty',
      `${folder}, ${name}: expected something to learn, found ${mask.lostExamples > 0 ? `that all ${mask.lostExamples} examples are longer than the ${start.config.maxPositions} positions of the model; lower maxTokens` : 'no examples; draw more (drafts.problems, drafts.samples), or raise the problems and samples of student.expertIteration'}`,
    );
  }
  const seed = `${recipe.seed}/${name}`;
  const groups = examples.map(({ group }) => group);
  const { learned, heldOut } = holdOutExamples(usable, groups, seed);
  const { steps, batch } = batches(learned, { ...training, together }, seed);
  progress.total(steps, 'updates');
  let going = false;
  const begun = beginning(start, training.lora, recipe.seed);
  const { weights, adapter, tokens, computed } = await fit({
    start: begun,
    batch,
    heldOut,
    schedule: scheduleOf(training.rate, steps),
    evaluateEvery: Math.ceil(steps / pointsFor(steps * training.batch, heldOut.length)),
    saveEvery: 20,
    folder: join(folder, name),
    workers: recipe.workers,
    provider: recipe.provider,
    // Weights that are learned have all their bits.
    bits: begun.adapter && recipe.bits,
    ...(signal && { signal }),
    onPoint: ({ step, loss, heldOut }) =>
      progress.note(
        `${name}: update ${step}, loss ${loss.toFixed(4)}, held-out ${heldOut.toFixed(4)}`,
      ),
    onStep: (step, _, loss) => {
      if (!going && step > 1) progress.resume(step - 1);
      going = true;
      progress.advance(1, `loss ${loss.toFixed(3)}`);
    },
  });
  if (adapter && on !== undefined) await saveAdapter(model, adapter, on);
  else {
    const whole = adapter ? mergeAdapter(weights, adapter) : weights;
    // What was learned is a hundredth of what it is merged into.
    if (adapter) await saveAdapter(join(folder, name, 'adapter'), adapter, run.recipe.base);
    const { config, tokenizer } = start;
    await saveCheckpoint(model, { config, tokenizer, weights: whole });
  }
  await forgetState(join(folder, name));
  count('neededTokens', training.epochs * distinctInGroups(learned));
  count('computedTokens', computed);
  return tokens;
}

/** Points of the curve: as many as may be, and two at least, while what is held out takes a tenth of the time of learning. */
const pointsFor = (learned: number, heldOut: number): number =>
  // An example that is learned is computed forward and backward, about three times one that is only read.
  Math.min(10, Math.max(2, Math.floor((0.1 * 3 * learned) / heldOut)));

/** What a training begins with: an adapter goes on with that of its start, and is merged where all weights are learned. */
function beginning(start: Trained, lora: Lora | undefined, seed: number): Trained {
  const { adapter, ...plain } = start;
  if (!lora) return adapter ? { ...plain, weights: mergeAdapter(plain.weights, adapter) } : start;
  if (adapter) return start;
  const { rank, alpha = 2 * rank, targets = adapterModules, layers: last } = lora;
  const all = [...Array(plain.config.layers).keys()];
  return {
    ...plain,
    adapter: initialAdapter(
      plain.config,
      { rank, alpha, modules: targets, ...(last && { layers: all.slice(-last) }) },
      seed,
    ),
  };
}

/** Positions of the examples, those that several of a group begin with counted once. */
const distinctInGroups = (examples: readonly GroupedExample[]): number =>
  grouped(examples).reduce(
    (sum, group) => sum + distinctPositions(group.map(({ tokens }) => tokens)),
    0,
  );

function describeMask({ examples, targets, positive, negative, lostExamples }: LossMask): string {
  const signs = positive + negative > 0 ? ` (${positive} positive, ${negative} negative)` : '';
  const lost = lostExamples > 0 ? `, ${lostExamples} examples left out as too long` : '';
  return `${examples} examples, ${targets} targets${signs}${lost}`;
}
