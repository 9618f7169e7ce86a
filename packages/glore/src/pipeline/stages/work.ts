/** What the stages share: their type, counts and progress. */
import { existsSync } from 'node:fs';
import type { RoleName } from '../../model/index.js';
import { trained } from '../../recipe/index.js';
import type { Sample } from '../../rollout/index.js';
import type { StageContext } from '../../run/index.js';
import type { Run } from '../context.js';
import type { Opening } from '../models.js';
import { serveTrained } from '../serving.js';
import { type OutsideTraining, trainOutside, weightsOf } from '../trainer.js';

/** Problems that are one unit of work where models are embedded. */
export const PROBLEMS_PER_UNIT = 64;

export interface Tokens {
  readonly generatedTokens?: number;
  readonly scoredTokens?: number;
  readonly trainedTokens?: number;
}

export type Work = (run: Run, context: StageContext) => Promise<Tokens>;

export const total = (records: readonly { readonly tokens: number }[]): number =>
  records.reduce((sum, { tokens }) => sum + tokens, 0);

/**
 * Served models wait where this process sees it, and begin nothing once it is to stop; what embedded ones compute is
 * counted.
 */
export const waitingIn = ({ signal, progress, shard, count }: StageContext): Opening => ({
  signal,
  shard,
  count,
  note: (text) => progress.note(text),
});

/**
 * Which model is opened for records that stand in `path` once they are there: none then, since nobody is asked.
 * @param ready readies the one that is to be asked, if it is not the run's own
 */
export async function openingFor<N extends RoleName>(
  role: N,
  path: string,
  context: StageContext,
  ready?: () => Promise<Pick<Opening, 'checkpoints'>>,
): Promise<{ readonly asked: N[]; readonly opening: Opening }> {
  const waiting = waitingIn(context);
  if (existsSync(path)) return { asked: [], opening: waiting };
  return { asked: [role], opening: { ...waiting, ...(await ready?.()) } };
}

/** Whether a role's model is served, so that nothing is trained in this process. */
export function isServed(run: Run, role: RoleName, { progress }: StageContext): boolean {
  const served = run.recipe.models?.[role];
  if (!served) return false;
  if (!trained(run.recipe, role))
    progress.note(`${role} is served (${served.endpoint}: ${served.model}), not trained`);
  return true;
}

/** The work of a served role: none, or a training outside this process on these rows. */
export async function elsewhere(
  run: Run,
  role: Exclude<RoleName, 'student'>,
  context: StageContext,
  rows: OutsideTraining['rows'],
): Promise<Tokens> {
  if (!trained(run.recipe, role)) return {};
  const { folder } = context;
  const schedule = run.recipe.training[role];
  const start = weightsOf(run, schedule.start);
  await trainOutside(run, context, { role, folder, start, schedule, rows });
  await serveTrained(run, context, role, folder);
  return {};
}

/** Progress of a collection, what was found in its journal apart: it must not count into the rate. */
export function advancing<R>(
  { progress }: StageContext,
  units: (records: readonly R[]) => number,
  detail?: (records: readonly R[]) => string,
) {
  return (_done: number, _total: number, records: readonly R[], resumed: boolean): void => {
    if (resumed) progress.resume(units(records));
    else progress.advance(units(records), detail?.(records));
  };
}

export const rightShare = (samples: readonly Sample[]): string =>
  `${Math.round((100 * samples.filter(({ right }) => right).length) / Math.max(1, samples.length))}% right`;
