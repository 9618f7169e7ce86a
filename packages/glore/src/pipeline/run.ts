/** Runs the stages of a recipe on a run folder, each when what it needs has changed or is not there yet. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GloreError } from '../error.js';
import { explained, writeJson } from '../files/index.js';
import type { Recipe } from '../recipe/index.js';
import {
  adoptStage,
  alsoInFile,
  doneStage,
  fingerprintOf,
  lockRun,
  type Reporter,
  runShard,
  runStage,
  type Shard,
  type StageOptions,
  type StageRecord,
  silentReporter,
} from '../run/index.js';
import { endLeft } from '../trainer/index.js';
import { openRunFolder } from './context.js';
import { type Report, writeReport } from './report.js';
import { checkRoom } from './room.js';
import { checkKeys } from './served.js';
import { withServers } from './serving.js';
import {
  neededFor,
  rolesUntil,
  type StageName,
  settingsOf,
  stageNames,
  table,
  upstreamOf,
} from './table.js';
import { processesOf } from './trainer.js';

export interface RunOptions {
  readonly folder: string;
  readonly recipe: Recipe;
  /** Where progress is shown; nowhere if left out. */
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
  /** Runs up to and including this stage; all stages and the report if left out. */
  readonly until?: StageName;
  /** A run whose stages are taken over where they would be the same. */
  readonly source?: EarlierRun;
}

/** A run that another one builds on. */
export interface EarlierRun {
  readonly folder: string;
  /** Stages that are taken over though what they were made of would be another thing now. */
  readonly keep: readonly StageName[];
}

/** Runs what is missing; returns the report if every stage was wanted. */
export async function runPipeline(options: RunOptions): Promise<Report | undefined> {
  const { folder, recipe, signal, until } = options;
  checkKeys(recipe);
  const { run, close } = withServers(await openRunFolder(folder, recipe));
  checkRoom(run, rolesUntil(until));
  const unlock = await lockRun(folder);
  const { reporter, end } = await alsoInFile(folder, options.reporter ?? silentReporter);
  try {
    await endLeft(processesOf(run));
    await writeJson(join(folder, 'recipe.json'), recipe);
    const done = new Map<StageName, StageRecord>();
    for (const name of until ? neededFor(until) : stageNames) {
      const { work } = table[name];
      const stage = {
        run: folder,
        name,
        settings: settingsOf(run, name),
        upstream: await upstreamOf(folder, recipe, name, done),
      };
      const record =
        (options.source && (await takenOver(options.source, stage, reporter))) ??
        (await runStage({
          ...stage,
          reporter,
          ...(signal && { signal }),
          work: async (context) => {
            await forgetReport(folder);
            return work(run, context);
          },
        }));
      done.set(name, record);
    }
    return until ? undefined : await writeReport(run, [...done.values()]);
  } finally {
    await close();
    await end();
    await unlock();
  }
}

/** The report is of the models that were there before. */
async function forgetReport(folder: string): Promise<void> {
  for (const name of ['report.json', 'report.svg', 'curve.svg', 'report.html'])
    await explained(join(folder, name), () => rm(join(folder, name), { force: true }));
}

/** A stage taken over from another run; undefined where it has to be done. @throws GloreError `stage-missing` */
async function takenOver(
  { folder: from, keep }: EarlierRun,
  stage: Pick<StageOptions, 'run' | 'name' | 'settings' | 'upstream'> & { name: StageName },
  reporter: Reporter,
): Promise<StageRecord | undefined> {
  const { run, name } = stage;
  const kept = keep.includes(name);
  const record = await adoptStage({
    from,
    run,
    name,
    ...(!kept && { fingerprint: fingerprintOf(stage) }),
    onAdopt: () => forgetReport(run),
  });
  if (kept && !record) {
    throw new GloreError(
      'stage-missing',
      `${join(from, name)}: expected the finished stage that is to be kept, found none; finish that run first`,
    );
  }
  if (record) reporter.stage(name).done(`already done in ${from}`);
  return record;
}

/**
 * Does a share of one stage, beside processes that do the others; what the stage needs has to be done. Running the stage
 * without a share afterwards merges them.
 *
 * @throws GloreError `shard-early` naming the stage to run first; `shard-stale`, `run-locked`
 */
export async function runShardOf(
  options: RunOptions & { readonly until: StageName; readonly shard: Shard },
): Promise<void> {
  const { folder, recipe, reporter = silentReporter, signal, until, shard } = options;
  checkKeys(recipe);
  const run = await openRunFolder(folder, recipe);
  checkRoom(run, rolesUntil(until));
  const unlock = await lockRun(folder, shard);
  try {
    const done = new Map<StageName, StageRecord>();
    for (const name of neededFor(until)) {
      const { work } = table[name];
      const stage = {
        run: folder,
        name,
        settings: settingsOf(run, name),
        upstream: await upstreamOf(folder, recipe, name, done),
      };
      if (name === until) {
        await runShard({
          ...stage,
          reporter,
          ...(signal && { signal }),
          work: (context) => work(run, context),
          shard,
        });
        return;
      }
      const record = await doneStage(stage);
      if (!record) {
        throw new GloreError(
          'shard-early',
          `${folder}: expected stage ${name} to be done with these settings before shards of ${until} begin, found that it is not; run it: glore ${name} <recipe> --run ${folder}`,
        );
      }
      done.set(name, record);
    }
  } finally {
    await unlock();
  }
}
