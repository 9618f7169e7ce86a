/** Runs the stages of a recipe on a run folder, each when what it needs has changed or is not there yet. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint } from '@glore/engine';
import { GloreError } from '../error.js';
import {
  doneStage,
  fingerprintOf,
  lockRun,
  type Reporter,
  readJson,
  runShard,
  runStage,
  type Shard,
  type StageRecord,
  writeJson,
} from '../run/index.js';
import { openRun, type Run } from './context.js';
import { identityOf } from './endpoints.js';
import type { Recipe } from './recipe.js';
import { type Report, writeReport } from './report.js';
import { checkKeys } from './served.js';
import * as stages from './stages/index.js';

type StageWork = typeof stages.student;

/** A stage: what it does, what of the recipe it depends on, and whose files it reads. */
interface Stage {
  readonly work: StageWork;
  readonly settings: (recipe: Recipe) => unknown;
  readonly needs: readonly StageName[];
}

export const stageNames = [
  'problems',
  'student',
  'drafts',
  'rollouts',
  'labels',
  'datasets',
  'sorm',
  'global',
  'local',
  'candidates',
  'orm',
  'evaluation',
] as const;
export type StageName = (typeof stageNames)[number];

const table: Record<StageName, Stage> = {
  problems: {
    work: stages.problems,
    settings: ({ problems, student, drafts, training }) => [
      problems,
      student.sft.problems,
      student.expertIteration.rounds,
      student.expertIteration.problems,
      drafts.problems,
      training.orm.candidates,
    ],
    needs: [],
  },
  student: {
    work: stages.student,
    settings: ({ student, maxTokens, workers }) => [student, maxTokens, workers],
    needs: ['problems'],
  },
  drafts: {
    work: stages.drafts,
    settings: ({ drafts, maxTokens }) => [drafts, maxTokens],
    needs: ['problems', 'student'],
  },
  rollouts: {
    work: stages.rollouts,
    settings: ({ rollouts, labels: { consistency }, maxTokens }) => [
      rollouts,
      maxTokens,
      // Adaptive rollouts end at the first trace that counts.
      ...(rollouts.method === 'adaptive' ? [consistency] : []),
    ],
    needs: ['drafts'],
  },
  labels: {
    work: stages.labels,
    settings: ({ labels: { propagation, consistency } }) => [propagation, consistency],
    needs: ['rollouts'],
  },
  datasets: {
    work: stages.datasets,
    settings: ({ labels, localPairs }) => [labels.balance, localPairs],
    needs: ['labels'],
  },
  sorm: {
    work: stages.sorm,
    settings: ({ training, workers }) => [training.sorm, workers],
    needs: ['student', 'datasets'],
  },
  global: {
    work: stages.global,
    settings: ({ training, workers }) => [training.global, workers],
    needs: ['student', 'datasets'],
  },
  local: {
    work: stages.local,
    settings: ({ training, workers }) => [training.local, workers],
    needs: ['student', 'datasets'],
  },
  candidates: {
    work: stages.candidates,
    settings: ({ maxTokens }) => [maxTokens],
    needs: ['problems', 'student', 'sorm', 'global', 'local'],
  },
  orm: {
    work: stages.orm,
    settings: ({ training, workers }) => [training.orm, workers],
    needs: ['student', 'sorm', 'datasets', 'candidates'],
  },
  evaluation: {
    work: stages.evaluation,
    settings: ({ evaluation, maxTokens }) => [evaluation, maxTokens],
    needs: ['problems', 'student', 'orm', 'sorm', 'global', 'local'],
  },
};

export interface RunOptions {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
  /** Runs up to and including this stage; all stages and the report if left out. */
  readonly until?: StageName;
}

/** The stages whose work several processes may share. */
export const shardedStages: readonly StageName[] = ['drafts', 'rollouts'];

/** Runs what is missing; returns the report if every stage was wanted. */
export async function runPipeline(options: RunOptions): Promise<Report | undefined> {
  const { folder, recipe, reporter, signal, until } = options;
  checkKeys(recipe);
  const run = await openRun(folder, recipe);
  const unlock = await lockRun(folder);
  try {
    await writeJson(join(folder, 'recipe.json'), recipe);
    const done = new Map<StageName, StageRecord>();
    for (const name of until ? neededFor(until) : stageNames) {
      const { work, needs } = table[name];
      const record = await runStage({
        run: folder,
        name,
        settings: settingsOf(run, name),
        upstream: needs.map((need) => done.get(need)!),
        reporter,
        ...(signal && { signal }),
        work: async (context) => {
          // The report is of the models that were there before.
          for (const name of ['report.json', 'report.svg', 'curve.svg'])
            await rm(join(folder, name), { force: true });
          return work(run, context);
        },
      });
      done.set(name, record);
    }
    return until ? undefined : await writeReport(run, [...done.values()]);
  } finally {
    await unlock();
  }
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
  const { folder, recipe, reporter, signal, until, shard } = options;
  checkKeys(recipe);
  const run = await openRun(folder, recipe);
  const unlock = await lockRun(folder, shard);
  try {
    const done = new Map<StageName, StageRecord>();
    for (const name of neededFor(until)) {
      const { work, needs } = table[name];
      const stage = {
        run: folder,
        name,
        settings: settingsOf(run, name),
        upstream: needs.map((need) => done.get(need)!),
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

/** What a stage's result depends on. */
function settingsOf({ recipe, codec, base }: Run, name: StageName): unknown {
  // Whatever all stages depend on.
  const common = { seed: recipe.seed, codec: codec.hash, base: fingerprint(base) };
  return { common, ...ownSettings(recipe, name) };
}

const ownSettings = (recipe: Recipe, name: StageName) => ({
  own: table[name].settings(recipe),
  ...servedIn(recipe, name),
});

/** The served model of the role that a stage is named after, so that a run without any is what it was. */
function servedIn(recipe: Recipe, name: StageName): { served?: unknown } {
  const served = identityOf(recipe.models, name);
  return served === undefined ? {} : { served };
}

/** The stages that `name` needs, itself last, in the order of data flow. */
function neededFor(name: StageName): StageName[] {
  const wanted = new Set<StageName>([name]);
  for (const stage of stageNames.toReversed()) {
    if (wanted.has(stage)) for (const need of table[stage].needs) wanted.add(need);
  }
  return stageNames.filter((stage) => wanted.has(stage));
}

/** The report of a finished run. @throws GloreError `run-missing`, `run-unfinished` */
export async function readReport(folder: string): Promise<Report> {
  const path = join(folder, 'report.json');
  if (existsSync(path)) return readJson<Report>(path);
  if (existsSync(join(folder, 'recipe.json'))) {
    throw new GloreError(
      'run-unfinished',
      `${folder}: expected a finished run, found one without report.json; finish it with the command that began it: glore run <recipe> --run ${folder}`,
    );
  }
  throw runMissing(folder);
}

const runMissing = (folder: string): GloreError =>
  new GloreError(
    'run-missing',
    `${folder}: expected the folder of a finished run, found ${existsSync(folder) ? 'no run in it' : 'no such folder'}; make one: glore run recipes/tiny.yaml --run ${folder}`,
  );

/**
 * A run of which at least these stages, and those that they need, are done with the recipe in its folder. Like a finished
 * one it stands on its own: its base is its student.
 * @throws GloreError `run-missing`, `run-unfinished`, `run-changed`
 */
export async function openUnfinishedRun(
  folder: string,
  stages: readonly StageName[],
): Promise<Run> {
  if (!existsSync(join(folder, 'recipe.json'))) throw runMissing(folder);
  const recipe = await readJson<Recipe>(join(folder, 'recipe.json'));
  const asked: StageName[] = ['student', ...stages];
  const wanted = new Set(asked.flatMap(neededFor));
  const done = new Map<StageName, StageRecord>();
  for (const name of stageNames.filter((stage) => wanted.has(stage))) {
    const path = join(folder, name, 'done.json');
    if (!existsSync(path)) {
      throw new GloreError(
        'run-unfinished',
        `${folder}: expected the stage ${name} done, found it unfinished; finish it: glore ${name} <recipe> --run ${folder}`,
      );
    }
    const record = await readJson<StageRecord>(path);
    const { settings } = await readJson<StartedStage>(join(folder, name, 'started.json'));
    const common = { ...settings.common, seed: recipe.seed };
    const upstream = table[name].needs.map((need) => done.get(need)!);
    const settingsNow = { common, ...ownSettings(recipe, name) };
    if (fingerprintOf({ name, settings: settingsNow, upstream }) !== record.fingerprint) {
      throw new GloreError(
        'run-changed',
        `${folder}: expected the stage ${name} done with the settings in recipe.json, found it done with others; do it anew: glore ${name} <recipe> --run ${folder}`,
      );
    }
    done.set(name, record);
  }
  return openRun(folder, standingAlone(folder, recipe));
}

/** The recipe of a run that is done, without what its base has become: its student has the same tokenizer. */
const standingAlone = (folder: string, recipe: Recipe): Recipe =>
  recipe.models?.student ? recipe : { ...recipe, base: join(folder, 'student', 'model') };

/** What `started.json` says that every stage depends on. */
interface StartedStage {
  readonly settings: { readonly common: Readonly<Record<string, unknown>> };
}

/** A finished run and its report. It stands on its own: the tokenizer is its student's, whatever has become of the base. */
export async function readRun(folder: string): Promise<{ run: Run; report: Report }> {
  const report = await readReport(folder);
  const recipe = await readJson<Recipe>(join(folder, 'recipe.json'));
  return { run: await openRun(folder, standingAlone(folder, recipe)), report };
}
