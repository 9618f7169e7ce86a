/** The models of a run: where their checkpoints are, and opening them, served or here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Adapter,
  type Checkpoint,
  EngineError,
  loadAdapter,
  loadCheckpoint,
} from '@glore/engine';
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

/** A checkpoint, and an adapter that was learned on it. */
export type Trained = Checkpoint & { readonly adapter?: Adapter };

/** Checkpoints that were read, by folder: adapters on one of them have the same one, which is then held once. */
export type Read = Map<string, Promise<Checkpoint>>;

/** The adapter that a role learns in the place of all weights; the student's is merged into its weights. */
const loraOf = ({ recipe }: Run, role: RoleName) =>
  role === 'student' ? undefined : recipe.training[role].lora;

/** The name of a model's folder: an adapter's is PEFT's. */
export const folderName = (lora: unknown): 'adapter' | 'model' => (lora ? 'adapter' : 'model');

/** The folder of what a role has learned: its checkpoint, or its adapter. */
export const modelFolder = (run: Run, role: RoleName): string =>
  pathIn(run, role, folderName(loraOf(run, role)));

/** The folder of the weights that a role's adapter stands on: those of an ORM are its SORM's, or what that stands on. */
export function weightsUnder(run: Run, role: Exclude<RoleName, 'student'>): string {
  const { models, training, base } = run.recipe;
  const { start } = training[role];
  if (models?.[start === 'sorm' ? 'sorm' : 'student']) return base;
  if (start === 'sorm') {
    return training.sorm.lora ? weightsUnder(run, 'sorm') : modelFolder(run, 'sorm');
  }
  return modelFolder(run, 'student');
}

/** The folder of the student that went on learning, which plays no role but is measured. */
export const retrainedFolder = (run: Run): string =>
  pathIn(run, 'retrained', folderName(run.recipe.training.global.lora));

/** The model of a role, read anew or, of adapters, their weights from what was `read`. */
export async function readRole(run: Run, role: RoleName, read: Read = new Map()): Promise<Trained> {
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
  const trained = { name: role, folder, remove: join(run.folder, role) };
  if (role !== 'student' && loraOf(run, role)) {
    return readTrained(
      run.folder,
      trained,
      await startOf(run, run.recipe.training[role].start, read),
    );
  }
  const found = read.get(folder) ?? readTrained(run.folder, trained);
  read.set(folder, found);
  return found;
}

/** The student that a stage of a run has trained with all weights. @throws GloreError `model-damaged` */
export const readStudent = (run: string): Promise<Checkpoint> =>
  readTrained(run, {
    name: 'student',
    folder: join(run, 'student', 'model'),
    remove: join(run, 'student'),
  });

/** The student that went on learning. @throws GloreError `model-damaged` */
export async function readRetrained(run: Run): Promise<Trained> {
  const trained = {
    name: 'retrained student',
    folder: retrainedFolder(run),
    remove: pathIn(run, 'retrained'),
  };
  const on = run.recipe.training.global.lora && (await startOf(run, 'student'));
  return readTrained(run.folder, trained, on);
}

/**
 * A checkpoint of a run, or an adapter beside the weights that it was trained `on`; trained again where `remove` is gone.
 * @throws GloreError `model-damaged`
 */
export async function readTrained(
  run: string,
  { name, folder, remove = folder }: { name: string; folder: string; remove?: string },
  on?: Checkpoint,
): Promise<Trained> {
  try {
    return on
      ? { ...on, adapter: await loadAdapter(folder, on.config) }
      : await loadCheckpoint(folder);
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new GloreError(
      'model-damaged',
      `${folder}: expected the ${name} that was trained, found it damaged or gone (${cause.message}); delete ${remove} and make it again: glore run <recipe> --run ${run}`,
      { cause },
    );
  }
}

/** What training starts from: the base where that role is served. */
export const startOf = async (run: Run, role: RoleName | 'base', read?: Read): Promise<Trained> =>
  role === 'base' || run.recipe.models?.[role] ? run.base : readRole(run, role, read);

export interface Opening extends Waiting {
  /** Checkpoints that are opened in the place of the run's own. */
  readonly checkpoints?: Partial<Record<RoleName, Trained>>;
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
    const { workers, provider, bits } = run.recipe;
    const read: Read = new Map();
    for (const name of names) {
      opened[name] ??= await openEmbedded(
        checkpoints[name] ?? (await readRole(run, name, read)),
        workers,
        {
          provider,
          bits,
          count: ({ needed, computed }) => {
            count?.('neededTokens', needed);
            count?.('computedTokens', computed);
          },
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
