/** Trainings outside this process, by the recipe's command: their rows, what they start from, and what they make. */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { CompletionRow, StepwiseRow } from '../dataset/index.js';
import { GloreError } from '../error.js';
import { explained, linkTree, writeJson, writeJsonl } from '../files/index.js';
import type { RoleName } from '../model/index.js';
import { inPackage } from '../package.js';
import { type Recipe, type TrainerSettings, type Training, trained } from '../recipe/index.js';
import type { StageContext } from '../run/index.js';
import { filled, isMade, train } from '../trainer/index.js';
import { pathIn, type Run } from './context.js';

const shippedTrainer = inPackage('trainers/hf/train.py');

/** What a training goes on from: all weights, by folder or name, and the adapter on them where one was learned. */
export interface Weights {
  readonly base: string;
  readonly adapter?: string;
}

/** One training: of a role, or of a round or phase of one. */
export interface OutsideTraining {
  readonly role: RoleName;
  /** What is trained, in words, where it is not the role itself. */
  readonly name?: string;
  /** Holds its rows and what is made of them. */
  readonly folder: string;
  readonly start: Weights;
  readonly schedule: Pick<Training, 'epochs' | 'batch' | 'rate'>;
  readonly rows: () => Promise<readonly (CompletionRow | StepwiseRow)[]>;
}

/** The folder of the training that a role's model is of. */
export const trainingOf = (run: Pick<Run, 'folder'>, role: RoleName): string =>
  join(run.folder, role);

/** What the trainer makes in a training's folder: `model/`, `adapter/` or both. */
export const outOf = (training: string): string => resolve(training, 'trained');
/** Written once a training has ended well. */
const madePath = (training: string): string => join(training, 'trained.json');
export const wasTrained = (training: string): boolean =>
  existsSync(madePath(training)) && isMade(outOf(training));

/** Where it is written down which processes the run has started. */
export const processesOf = (run: Run): string => pathIn(run, 'processes');

/** What the result of a training depends on besides its data and its schedule. */
export function trainerIdentity(recipe: Recipe, role: string): { trained?: unknown } {
  const trainer = trained(recipe, role);
  if (!trainer) return {};
  const { sft, expertIteration } = recipe.student;
  const rounds = expertIteration.rounds > 0 ? [expertIteration, recipe.maxTokens] : [];
  return {
    trained: [trainer.base, trainer.options, ...(role === 'student' ? [sft, ...rounds] : [])],
  };
}

/** What the trainings of a role start from where the recipe has them start from another role, or from the base. */
export function weightsOf(run: Run, start: RoleName | 'base'): Weights {
  const { trainer, training } = run.recipe;
  if (start === 'base' || !trained(run.recipe, start)) return { base: trainer!.base };
  if (start === 'student') return { base: join(outOf(trainingOf(run, start)), 'model') };
  return learnedFrom(weightsOf(run, training[start].start), trainingOf(run, start));
}

/** What a training has made of its start: an adapter stays one on the same weights, so that a server of these takes it. */
function learnedFrom({ base }: Weights, training: string): Weights {
  const adapter = join(outOf(training), 'adapter');
  return existsSync(adapter) ? { base, adapter } : { base: join(outOf(training), 'model') };
}

/** Trains by the recipe's command, unless that is done already; gives what a further training goes on from. */
export async function trainOutside(
  run: Run,
  { progress, signal }: StageContext,
  training: OutsideTraining,
): Promise<Weights> {
  const { role, name = role, folder, start } = training;
  const trainer = trained(run.recipe, role)!;
  if (!wasTrained(folder)) {
    const data = resolve(folder, 'data.jsonl');
    const found = await training.rows();
    if (found.length === 0) {
      throw new GloreError(
        'loss-empty',
        `${folder}: expected something for the ${name} to learn from, found nothing; draw more (drafts.problems, drafts.samples)`,
      );
    }
    if (!existsSync(data)) await writeJsonl(data, found);
    const log = pathIn(run, role, 'trainer.log');
    progress.note(`${name}: ${found.length} rows, trained by ${trainer.command[0]} (${log})`);
    const words = wordsFor(run, trainer, training, data);
    const out = outOf(folder);
    const processes = processesOf(run);
    await train({
      role: name,
      words,
      folder: trainer.folder,
      out,
      log,
      processes,
      signal,
      progress,
    });
    await writeJson(madePath(folder), { rows: found.length });
  }
  return learnedFrom(start, folder);
}

function wordsFor(
  { recipe }: Run,
  trainer: TrainerSettings,
  { role, folder, start, schedule }: OutsideTraining,
  data: string,
): readonly string[] {
  const { base, adapter } = start;
  const places = {
    role,
    data,
    base,
    adapter: adapter === undefined ? [] : [adapter],
    out: outOf(folder),
    epochs: String(schedule.epochs),
    batch: String(schedule.batch),
    rate: String(schedule.rate),
    seed: String(recipe.seed),
    options: trainer.options,
    train: shippedTrainer,
  };
  const from = ['--model', base, ...places.adapter.flatMap((one) => ['--adapter', one])];
  const all = ['--role', role, ...from, '--data', data, '--out', places.out];
  const pace = ['--epochs', places.epochs, '--batch', places.batch, '--rate', places.rate];
  // As its server will be asked: a text begins as the server's tokenizer says, token ids with BOS.
  const spelling = ['--spelling', recipe.models?.[role]?.spelling ?? 'text'];
  const rest = ['--seed', places.seed, ...spelling, ...trainer.options];
  return filled(trainer.command, { ...places, arguments: [...all, ...pace, ...rest] });
}

/** Makes what one training has made a role's: the same files. */
export async function keepTrained(run: Run, role: RoleName, training: string): Promise<void> {
  const own = trainingOf(run, role);
  if (resolve(training) === resolve(own)) return;
  // Made whole beside its place first: after a kill in between there is none.
  const out = outOf(own);
  const beside = `${out}.linked`;
  await explained(out, async () => {
    for (const left of [out, beside]) await rm(left, { recursive: true, force: true });
    await linkTree(outOf(training), beside);
    await rename(beside, out);
  });
  await writeJson(madePath(own), { from: relative(own, training) });
}
