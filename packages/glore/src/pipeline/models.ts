/** The models of a run: where their checkpoints are, and opening them, served or here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, EngineError, loadCheckpoint } from '@glore/engine';
import { GloreError } from '../error.js';
import {
  type Answers,
  inRoles,
  openEmbedded,
  type RoleModel,
  type RoleName,
  type Roles,
} from '../model/index.js';
import type { StageContext } from '../run/index.js';
import { pathIn, type Run } from './context.js';
import { openServedRoles, type Waiting } from './served.js';

/** The folder of a role's checkpoint. */
export const modelFolder = (run: Run, role: RoleName): string => pathIn(run, role, 'model');

/** The folder of the student that went on learning, which plays no role but is measured. */
export const retrainedFolder = (run: Run): string => pathIn(run, 'retrained', 'model');

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
      `${folder}: expected the ${role}, found none; delete ${join(run.folder, role)} and make it again: glore run <recipe> --run ${run.folder}`,
    );
  }
  return readModel(run.folder, role);
}

/** The checkpoint that a stage of a run has trained. @throws GloreError `model-damaged` */
export function readModel(run: string, stage: RoleName | 'retrained'): Promise<Checkpoint> {
  const name = stage === 'retrained' ? 'retrained student' : stage;
  return readTrained(run, { name, folder: join(run, stage, 'model'), remove: join(run, stage) });
}

/** A checkpoint of a run, which is trained again where `remove` is gone. @throws GloreError `model-damaged` */
export async function readTrained(
  run: string,
  { name, folder, remove = folder }: { name: string; folder: string; remove?: string },
): Promise<Checkpoint> {
  try {
    return await loadCheckpoint(folder);
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new GloreError(
      'model-damaged',
      `${folder}: expected the ${name} that was trained, found it damaged or gone (${cause.message}); delete ${remove} and make it again: glore run <recipe> --run ${run}`,
      { cause },
    );
  }
}

/** The checkpoint that training starts from: the base where that role is served. */
export const startOf = async (run: Run, role: RoleName | 'base'): Promise<Checkpoint> =>
  role === 'base' || run.recipe.models?.[role] ? run.base : readRole(run, role);

export interface Opening extends Waiting {
  /** Checkpoints that are opened in the place of the run's own. */
  readonly checkpoints?: Partial<Record<RoleName, Checkpoint>>;
  /** Told of what the models that are opened here compute. */
  readonly count?: StageContext['count'];
}

/** Models by role, opened where they are served or here; `close` ends all of them. */
export async function openModels<N extends RoleName>(
  run: Run,
  names: readonly N[],
  { checkpoints = {}, count, ...waiting }: Opening = {},
): Promise<{ readonly models: Record<N, RoleModel>; close(): Promise<void> }> {
  const served = await openServedRoles(run, names, waiting);
  const opened: Partial<Record<RoleName, RoleModel>> = { ...served.models };
  const close = async () => {
    await Promise.all(Object.values(opened).map((model) => model.close()));
    await served.close();
  };
  try {
    const { workers, provider } = run.recipe;
    for (const name of names) {
      opened[name] ??= await openEmbedded(
        checkpoints[name] ?? (await readRole(run, name)),
        workers,
        provider,
        ({ needed, computed }) => {
          count?.('neededTokens', needed);
          count?.('computedTokens', computed);
        },
      );
    }
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
  opening?: Opening,
): Promise<T> {
  const { models, close } = await openModels(run, names, opening);
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
