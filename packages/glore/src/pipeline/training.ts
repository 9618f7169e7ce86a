/** Training a model within a stage: its loss mask, its progress, its curve and its checkpoint. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, distinctPositions, type Example, saveCheckpoint } from '@glore/engine';
import type { Codec } from '../codec/index.js';
import { type LossMask, maskReport } from '../dataset/index.js';
import { GloreError } from '../error.js';
import { writeJson } from '../files/index.js';
import type { Training } from '../recipe/index.js';
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
  readonly start: Checkpoint;
  readonly examples: readonly GroupedExample[];
  readonly training: Training;
  /** Whether batches are of whole problems. Default false. */
  readonly together?: boolean | undefined;
  /** The folder of the checkpoint. */
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
  const { name, start, examples, training, together = false, model } = options;
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
  const { weights, tokens, computed } = await fit({
    start,
    batch,
    heldOut,
    schedule: scheduleOf(training.rate, steps),
    evaluateEvery: Math.max(1, Math.ceil(steps / 10)),
    saveEvery: 20,
    folder: join(folder, name),
    workers: recipe.workers,
    provider: recipe.provider,
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
  await saveCheckpoint(model, { ...start, weights });
  await forgetState(join(folder, name));
  count('neededTokens', training.epochs * distinctInGroups(learned));
  count('computedTokens', computed);
  return tokens;
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
