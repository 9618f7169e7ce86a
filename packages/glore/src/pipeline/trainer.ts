/** Roles that a trainer outside this process makes: their data, where their models are, and how those are served. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CompletionRow, StepwiseRow } from '../dataset/index.js';
import { GloreError } from '../error.js';
import { writeJson, writeJsonl } from '../files/index.js';
import { goldenTolerance, largestDifference, type RoleName, readGolden } from '../model/index.js';
import { type Recipe, type TrainerSettings, trained } from '../recipe/index.js';
import type { StageContext } from '../run/index.js';
import { filled, isMade, Servers, train, type Waiter } from '../trainer/index.js';
import { pathIn, type Run } from './context.js';
import { rolesOf, withModels } from './models.js';

/** In the package, or in the repository that it is built in. */
const shippedTrainer = fileURLToPath(new URL('../../trainers/hf/train.py', import.meta.url));

/** What a trainer makes of a role. */
const outOf = (run: Pick<Run, 'folder'>, role: RoleName): string =>
  resolve(run.folder, role, 'trained');
/** Written once a training has ended well. */
const madePath = (run: Run, role: RoleName): string => pathIn(run, role, 'trained.json');
const wasTrained = (run: Run, role: RoleName): boolean =>
  existsSync(madePath(run, role)) && isMade(outOf(run, role));

/** What the result of a training depends on besides its data and its schedule. */
export function trainerIdentity(recipe: Recipe, role: string): { trained?: unknown } {
  const trainer = trained(recipe, role);
  if (!trainer) return {};
  const { sft } = recipe.student;
  return { trained: [trainer.base, trainer.options, ...(role === 'student' ? [sft] : [])] };
}

const trainingOf = ({ student, training }: Recipe, role: RoleName) =>
  role === 'student' ? { ...student.sft, start: 'base' } : training[role];

/** The checkpoint that a role's training starts from. */
const startOf = (run: Run, { base }: TrainerSettings, start: string): string =>
  start === 'student' && trained(run.recipe, 'student')
    ? join(outOf(run, 'student'), 'model')
    : base;

/** Trains a role on its rows by the recipe's command, has it served, and compares it with what its trainer says of it. */
export async function trainOutside(
  run: Run,
  role: RoleName,
  context: StageContext,
  rows: () => Promise<readonly (CompletionRow | StepwiseRow)[]>,
): Promise<void> {
  const trainer = trained(run.recipe, role)!;
  const { folder, progress, signal } = context;
  if (!wasTrained(run, role)) {
    const data = resolve(folder, 'data.jsonl');
    const found = await rows();
    if (found.length === 0) {
      throw new GloreError(
        'loss-empty',
        `${folder}: expected something for the ${role} to learn from, found nothing; draw more (drafts.problems, drafts.samples)`,
      );
    }
    if (!existsSync(data)) await writeJsonl(data, found);
    const log = join(folder, 'trainer.log');
    progress.note(`${role}: ${found.length} rows, trained by ${trainer.command[0]} (${log})`);
    const words = wordsFor(run, trainer, role, data);
    const out = outOf(run, role);
    await train({ role, words, folder: trainer.folder, out, log, signal, progress });
    await writeJson(madePath(run, role), { rows: found.length });
  }
  const waiting = { signal, note: (text: string) => progress.note(text) };
  await run.offer?.(role, waiting, true);
  await checkGolden(run, role, context);
}

function wordsFor(
  run: Run,
  trainer: TrainerSettings,
  role: RoleName,
  data: string,
): readonly string[] {
  const { epochs, batch, rate, start } = trainingOf(run.recipe, role);
  const places = {
    role,
    data,
    base: startOf(run, trainer, start),
    out: outOf(run, role),
    epochs: String(epochs),
    batch: String(batch),
    rate: String(rate),
    seed: String(run.recipe.seed),
    options: trainer.options,
    train: shippedTrainer,
  };
  const all = ['--role', role, '--model', places.base, '--data', data, '--out', places.out];
  const schedule = ['--epochs', places.epochs, '--batch', places.batch, '--rate', places.rate];
  // As its server will be asked: a text begins as the server's tokenizer says, token ids with BOS.
  const spelling = ['--spelling', run.recipe.models?.[role]?.spelling ?? 'text'];
  const rest = ['--seed', places.seed, ...spelling, ...trainer.options];
  return filled(trainer.command, { ...places, arguments: [...all, ...schedule, ...rest] });
}

/** The values that its trainer has for a critic must be those of its server. @throws GloreError `golden-differs` */
async function checkGolden(run: Run, role: RoleName, { signal, progress }: StageContext) {
  const path = join(outOf(run, role), 'golden.jsonl');
  if (role !== 'orm' && role !== 'sorm') return;
  const golden = existsSync(path)
    ? (await readGolden(path)).filter((vector) => vector.role === role)
    : [];
  if (golden.length === 0) {
    progress.note(`${role}: its trainer has no golden values (${path}), so nothing is compared`);
    return;
  }
  const note = (text: string) => progress.note(text);
  const difference = await withModels(
    run,
    [role],
    (models) => largestDifference(rolesOf(run, models)[role], golden),
    { signal, note },
  );
  const within = `within ${difference.toFixed(4)} of its trainer's (${golden.length} solutions)`;
  if (difference <= goldenTolerance) return progress.note(`${role}: served values are ${within}`);
  const { endpoint, model } = run.recipe.models![role]!;
  throw new GloreError(
    'golden-differs',
    `endpoint ${endpoint}: expected of model ${model} the values that the ${role}'s trainer has (${path}), at most ${goldenTolerance} away, found one ${difference.toFixed(4)} away; it serves other weights, or reads texts otherwise: serve ${outOf(run, role)} and run the same command again, nothing is trained again`,
  );
}

/** The run with its servers: what it has trained is served where it is not; `close` ends what was started. */
export function withServers(run: Run): { readonly run: Run; close(): Promise<void> } {
  const { recipe } = run;
  const settings = recipe.trainer;
  if (!settings?.serve) return { run, close: async () => {} };
  const servers = new Servers();
  const offer = async (role: RoleName, waiter: Waiter, anew = false): Promise<void> => {
    const model = recipe.models?.[role];
    // A student that is not trained is what its server begins with.
    const there = trained(recipe, role) ? wasTrained(run, role) : role === 'student';
    if (!model || !there) return;
    const { url, key, patience } = recipe.endpoints![model.endpoint]!;
    const { command, lora } = settings.serve!;
    const adapter = join(outOf(run, role), 'adapter');
    const places = {
      role,
      name: model.model,
      model: join(outOf(run, role), 'model'),
      adapter,
      student: startOf(run, settings, 'student'),
      adapters: adaptersAt(run, model.endpoint),
    };
    await servers.offer(
      {
        ...{ role, model: model.model, endpoint: model.endpoint, url, key, patience },
        ...(lora && role !== 'student' && { adapter }),
        ...(command && { command: filled(command, places) }),
        folder: settings.folder,
        log: pathIn(run, 'endpoints', `${model.endpoint}.log`),
      },
      anew,
      waiter,
    );
  };
  return { run: { ...run, offer }, close: () => servers.close() };
}

/** `name=folder` of each adapter of an endpoint that there is so far. */
const adaptersAt = (run: Run, endpoint: string): string[] =>
  run.recipe.trainer!.roles.flatMap((role) => {
    const model = run.recipe.models?.[role];
    const folder = join(outOf(run, role), 'adapter');
    const there = role !== 'student' && model?.endpoint === endpoint && existsSync(folder);
    return there && wasTrained(run, role) ? [`${model.model}=${folder}`] : [];
  });
