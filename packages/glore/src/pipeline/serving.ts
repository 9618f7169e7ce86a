/** How what a trainer has made gets to its server, and whether the server has it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GloreError } from '../error.js';
import { agrees, compare, type RoleName, readGolden, shownCompared } from '../model/index.js';
import { trained } from '../recipe/index.js';
import type { StageContext } from '../run/index.js';
import { filled, Servers, type Waiter } from '../trainer/index.js';
import { pathIn, type Run } from './context.js';
import { withModels } from './models.js';
import { outOf, processesOf, trainingOf, wasTrained, weightsOf } from './trainer.js';

/** Has what a training has made served under its role's name, and compares it with what its trainer says of it. */
export async function serveTrained(
  run: Run,
  context: StageContext,
  role: RoleName,
  training: string,
): Promise<void> {
  const { signal, progress } = context;
  await run.offer?.(role, { signal, note: (text) => progress.note(text) }, training);
  await checkGolden(run, context, role, training);
}

/** What its trainer has a role say its server must have it say. @throws GloreError `golden-differs` */
async function checkGolden(
  run: Run,
  { signal, progress }: StageContext,
  role: RoleName,
  training: string,
): Promise<void> {
  const path = join(outOf(training), 'golden.jsonl');
  const golden = existsSync(path)
    ? (await readGolden(path)).filter((one) => one.role === role)
    : [];
  if (golden.length === 0) {
    progress.note(`${role}: its trainer has no golden values (${path}), so nothing is compared`);
    return;
  }
  const note = (text: string) => progress.note(text);
  const found = await withModels(
    run,
    [role],
    (models) => compare(models[role], run.codec, golden),
    { signal, note },
  );
  if (agrees(found)) return note(`${role}: ${shownCompared(found)}`);
  const { endpoint, model } = run.recipe.models![role]!;
  throw new GloreError(
    'golden-differs',
    `endpoint ${endpoint}: expected of model ${model} what the ${role}'s trainer has (${path}), found ${shownCompared(found)}; it serves other weights, or reads texts otherwise: serve ${outOf(training)} and run the same command again, nothing is trained again`,
  );
}

/** The run with its servers: what it has trained is served where it is not; `close` ends what was started. */
export function withServers(run: Run): { readonly run: Run; close(): Promise<void> } {
  const { recipe } = run;
  const settings = recipe.trainer;
  if (!settings?.serve) return { run, close: async () => {} };
  const servers = new Servers();
  const offer = async (role: RoleName, waiter: Waiter, training?: string): Promise<void> => {
    const model = recipe.models?.[role];
    const own = training ?? trainingOf(run, role);
    // A student that is not trained is what its server begins with.
    const there = trained(recipe, role) ? wasTrained(own) : role === 'student';
    if (!model || !there) return;
    const { url, key, patience } = recipe.endpoints![model.endpoint]!;
    const { command, lora } = settings.serve!;
    const whole = join(outOf(own), 'model');
    const adapter = join(outOf(own), 'adapter');
    const isStudent = role === 'student' && trained(recipe, role);
    const places = {
      role,
      name: model.model,
      model: whole,
      adapter,
      student: isStudent ? whole : weightsOf(run, 'student').base,
      adapters: adaptersAt(run, model.endpoint, { [role]: own }),
    };
    await servers.offer(
      {
        ...{ role, model: model.model, endpoint: model.endpoint, url, key, patience },
        ...(lora && role !== 'student' && { adapter }),
        ...(command && { command: filled(command, places) }),
        folder: settings.folder,
        log: pathIn(run, 'endpoints', `${model.endpoint}.log`),
        processes: processesOf(run),
      },
      training !== undefined,
      waiter,
    );
  };
  return { run: { ...run, offer }, close: () => servers.close() };
}

/** `name=folder` of each adapter of an endpoint that there is so far. @param trainings by role, in the place of its own */
const adaptersAt = (
  run: Run,
  endpoint: string,
  trainings: Partial<Record<RoleName, string>>,
): string[] =>
  run.recipe.trainer!.roles.flatMap((role) => {
    const model = run.recipe.models?.[role];
    const training = trainings[role] ?? trainingOf(run, role);
    const folder = join(outOf(training), 'adapter');
    const there = role !== 'student' && model?.endpoint === endpoint && existsSync(folder);
    return there && wasTrained(training) ? [`${model.model}=${folder}`] : [];
  });
