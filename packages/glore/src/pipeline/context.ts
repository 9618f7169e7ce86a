/** What every stage works with: the recipe, the run folder, the codec, and how to open models and fit them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Checkpoint,
  type Example,
  loadCheckpoint,
  openTokenizer,
  saveCheckpoint,
} from '@glore/engine';
import { type Codec, createCodec } from '../codec/index.js';
import { type LossMask, maskReport } from '../dataset/index.js';
import { GloreError } from '../error.js';
import {
  type Answers,
  inRoles,
  openEmbedded,
  type RoleModel,
  type RoleName,
  type Roles,
} from '../model/index.js';
import { type Problem, Random } from '../problem/index.js';
import type { Recipe, Training } from '../recipe/index.js';
import { readJsonl, type StageContext, writeJson } from '../run/index.js';
import { type CurvePoint, fit, forgetState } from '../train/index.js';
import { openServedRoles, type Waiting } from './served.js';

export interface Run {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly base: Checkpoint;
  readonly codec: Codec;
}

/** Opens a run folder on its recipe and base checkpoint; the codec is the base tokenizer's. */
export async function openRunFolder(folder: string, recipe: Recipe): Promise<Run> {
  const base = await loadCheckpoint(recipe.base);
  return { folder, recipe, base, codec: createCodec(openTokenizer(base.tokenizer)) };
}

export const pathIn = (run: Run, ...parts: string[]): string => join(run.folder, ...parts);

/** The folder of a role's checkpoint. */
export const modelFolder = (run: Run, role: RoleName): string => pathIn(run, role, 'model');

export function readRole(run: Run, role: RoleName): Promise<Checkpoint> {
  const folder = modelFolder(run, role);
  const served = run.recipe.models?.[role];
  if (served) {
    throw new GloreError(
      'model-served',
      `${folder}: expected a model in the run's folder, found that the ${role} is served (${served.endpoint}: ${served.model}); take it from there`,
    );
  }
  if (!existsSync(folder)) {
    throw new GloreError(
      'model-missing',
      `${folder}: no ${role} model yet; run the stage that trains it: glore ${role} <recipe>`,
    );
  }
  return loadCheckpoint(folder);
}

export const readProblems = (run: Run, split: string): Promise<Problem[]> =>
  readJsonl<Problem>(pathIn(run, 'problems', `${split}.jsonl`));

/** Models by role, opened where they are served or here; `close` ends all of them. */
export async function openModels<N extends RoleName>(
  run: Run,
  names: readonly N[],
  waiting?: Waiting,
): Promise<{ readonly models: Record<N, RoleModel>; close(): Promise<void> }> {
  const served = await openServedRoles(run, names, waiting);
  const opened: Partial<Record<RoleName, RoleModel>> = { ...served.models };
  const close = async () => {
    await Promise.all(Object.values(opened).map((model) => model.close()));
    await served.close();
  };
  try {
    const { workers, provider } = run.recipe;
    for (const name of names)
      opened[name] ??= await openEmbedded(await readRole(run, name), workers, provider);
  } catch (error) {
    await close();
    throw error;
  }
  return { models: opened as Record<N, RoleModel>, close };
}

/** Opens models by role, hands them to `work`, and closes them whatever happens. */
export async function withModels<T, N extends RoleName>(
  run: Run,
  names: readonly N[],
  work: (models: Record<N, RoleModel>) => Promise<T>,
  waiting?: Waiting,
): Promise<T> {
  const { models, close } = await openModels(run, names, waiting);
  try {
    return await work(models);
  } finally {
    await close();
  }
}

/**
 * Models of the loop in their roles: those that are there. For one unit of work with its answers: what has arrived for it
 * is not asked for again.
 */
export function rolesOf<N extends RoleName>(
  { codec, recipe }: Run,
  models: Readonly<Record<N, RoleModel>>,
  answers?: Answers,
): Pick<Roles, N> {
  const seen = Object.entries<RoleModel>(models).map(([name, model]) => [
    name,
    (answers && model.keeping?.(answers)) ?? model,
  ]);
  return inRoles<N>(Object.fromEntries(seen), codec, recipe.maxTokens);
}

/**
 * How work with some roles is cut and how much of it is in flight: what is embedded wants large units, one for each worker;
 * what is served wants small ones, so that little is lost, and many, so that the server is busy.
 */
export function unitsOf(
  { recipe }: Pick<Run, 'recipe'>,
  names: readonly RoleName[],
  embedded: number,
  served: number,
): { size: number; parallel: number } {
  const limits = names.flatMap((name) => {
    const model = recipe.models?.[name];
    return model ? [recipe.endpoints![model.endpoint]!.parallel ?? 256] : [];
  });
  if (limits.length === 0) return { size: embedded, parallel: recipe.workers };
  return { size: served, parallel: Math.max(1, Math.ceil(Math.max(...limits) / served)) };
}

/** Lists in pieces of `size`. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}

const HELD_OUT = 96;

/**
 * Trains a checkpoint on examples and saves it: epochs in seeded order, the first examples of a seeded shuffle held out,
 * the loss mask written first. Returns the tokens learned from.
 */
export async function trainModel(
  run: Run,
  context: StageContext,
  options: {
    readonly name: string;
    readonly start: Checkpoint;
    readonly examples: readonly Example[];
    readonly training: Training;
    readonly model: string;
    /** Sequences of one problem go together, so that what is held out is really new. Same length as `examples`. */
    readonly groups: readonly string[];
  },
): Promise<{ tokens: number; mask: LossMask }> {
  const { training, start, name } = options;
  const { recipe, codec } = run;
  const groupsOf = new Map(options.examples.map((example, i) => [example, options.groups[i]!]));
  const { examples: usable, mask } = maskReport(codec, options.examples, start.config.maxPositions);
  await writeJson(join(context.folder, `${name}.mask.json`), mask);
  context.progress.note(
    `${name}: ${mask.examples} examples, ${mask.targets} targets` +
      (mask.positive + mask.negative > 0
        ? ` (${mask.positive} positive, ${mask.negative} negative)`
        : '') +
      (mask.lostExamples > 0 ? `, ${mask.lostExamples} examples left out as too long` : ''),
  );
  if (mask.targets === 0) {
    throw new GloreError(
      'loss-empty',
      `${name}: there is nothing to learn from; sample more problems or loosen the filters (see ${name}.mask.json)`,
    );
  }
  const groups = [...new Set(options.groups)];
  // Never more than a fifth: of little data most is to learn from.
  const heldCount = Math.min(HELD_OUT, Math.floor(groups.length / 5));
  const heldGroups = new Set(
    new Random(recipe.seed, name, 'held-out').shuffle(groups).slice(0, heldCount),
  );
  const held = usable
    .filter((example) => heldGroups.has(groupsOf.get(example)!))
    .slice(0, HELD_OUT);
  const rest = usable.filter((example) => !heldGroups.has(groupsOf.get(example)!));
  const learned = rest.length > 0 ? rest : usable;
  const perEpoch = Math.ceil(
    Math.min(learned.length, training.examples ?? learned.length) / training.batch,
  );
  const steps = perEpoch * training.epochs;
  const orders = new Map<number, Example[]>();
  const batch = (step: number): Example[] => {
    const epoch = Math.floor((step - 1) / perEpoch);
    if (!orders.has(epoch)) {
      orders.clear();
      // One selection for all epochs, another order in each.
      const chosen = new Random(recipe.seed, name, 'choice')
        .shuffle(learned)
        .slice(0, training.examples ?? learned.length);
      orders.set(epoch, new Random(recipe.seed, name, epoch).shuffle(chosen));
    }
    const at = ((step - 1) % perEpoch) * training.batch;
    return orders.get(epoch)!.slice(at, at + training.batch);
  };
  context.progress.total(steps, 'updates');
  let going = false;
  const { weights, tokens } = await fit({
    start,
    batch,
    heldOut: held.length > 0 ? held : learned.slice(0, HELD_OUT),
    schedule: {
      rate: training.rate,
      warmup: Math.min(50, Math.ceil(steps / 10)),
      steps,
      floor: 0.05,
    },
    evaluateEvery: Math.max(1, Math.ceil(steps / 10)),
    saveEvery: 20,
    folder: join(context.folder, name),
    workers: recipe.workers,
    provider: recipe.provider,
    ...(context.signal && { signal: context.signal }),
    onPoint: (point: CurvePoint) =>
      context.progress.note(
        `${name}: update ${point.step}, loss ${point.loss.toFixed(4)}, held-out ${point.heldOut.toFixed(4)}`,
      ),
    onStep: (step, _, loss) => {
      if (!going && step > 1) context.progress.resume(step - 1);
      going = true;
      context.progress.advance(1, `loss ${loss.toFixed(3)}`);
    },
  });
  await saveCheckpoint(options.model, { ...start, weights });
  await forgetState(join(context.folder, name));
  return { tokens, mask };
}
