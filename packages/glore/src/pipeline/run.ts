/** Runs the stages of a recipe on a run folder, each when what it needs has changed or is not there yet. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint } from '@glore/engine';
import { GloreError } from '../error.js';
import {
  adoptStage,
  doneStage,
  explained,
  fingerprintOf,
  lockRun,
  type Reporter,
  readJson,
  runShard,
  runStage,
  type Shard,
  type StageOptions,
  type StageRecord,
  writeJson,
} from '../run/index.js';
import { openRun, type RoleName, type Run, roles } from './context.js';
import { identityOf } from './endpoints.js';
import type { Recipe } from './recipe.js';
import { type Report, writeReport } from './report.js';
import { checkRoom } from './room.js';
import { checkKeys } from './served.js';
import { contentsOf } from './sets.js';
import * as stages from './stages/index.js';

type StageWork = typeof stages.student;

/** A stage: what it does, what of the recipe it depends on, and whose files it reads. */
interface Stage {
  readonly work: StageWork;
  readonly settings: (recipe: Recipe) => unknown;
  readonly needs: readonly StageName[];
  /** The sets of problems that it reads, if it needs `problems`: it is done anew when these change, not when others do. */
  readonly sets?: (recipe: Recipe) => readonly string[];
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

/** To be raised when the records of problems change. */
const RECORDS = 2;

const table: Record<StageName, Stage> = {
  problems: {
    work: stages.problems,
    settings: ({ problems, student, drafts, training }) => [
      RECORDS,
      problems.source === 'world' ? problems : contentsOf(problems),
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
    settings: ({ student, maxTokens, workers, models }) =>
      models?.student ? [] : [student, maxTokens, workers],
    needs: ['problems'],
    sets: setsOfStudent,
  },
  drafts: {
    work: stages.drafts,
    settings: ({ drafts, maxTokens }) => [drafts, maxTokens],
    needs: ['problems', 'student'],
    sets: () => ['train'],
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
    settings: ({ labels, localPairs, pairing }) => [labels.balance, localPairs, pairing],
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
    settings: ({ training, maxTokens }) => [training.orm.candidates, maxTokens],
    needs: ['problems', 'student', 'sorm', 'global', 'local'],
    sets: () => ['candidates'],
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
    sets: () => ['dev', 'test'],
  },
};

export interface RunOptions {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal;
  /** Runs up to and including this stage; all stages and the report if left out. */
  readonly until?: StageName;
  /** A run whose stages are taken over where they would be the same. */
  readonly source?: RunSource;
}

/** A run that another one builds on. */
export interface RunSource {
  readonly folder: string;
  /** Stages that are taken over though what they were made of would be another thing now. */
  readonly keep: readonly StageName[];
}

/** The stages whose work several processes may share. */
export const shardedStages: readonly StageName[] = ['drafts', 'rollouts'];

/** Runs what is missing; returns the report if every stage was wanted. */
export async function runPipeline(options: RunOptions): Promise<Report | undefined> {
  const { folder, recipe, reporter, signal, until } = options;
  checkKeys(recipe);
  const run = await openRun(folder, recipe);
  checkRoom(run, rolesUntil(until));
  const unlock = await lockRun(folder);
  try {
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
    await unlock();
  }
}

/** The report is of the models that were there before. */
async function forgetReport(folder: string): Promise<void> {
  for (const name of ['report.json', 'report.svg', 'curve.svg'])
    await rm(join(folder, name), { force: true });
}

/** A stage taken over from another run; undefined where it has to be done. @throws GloreError `stage-missing` */
async function takenOver(
  { folder: from, keep }: RunSource,
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

/** What each stage of a run would be, known before anything is done. */
export interface Plan {
  readonly fingerprints: ReadonlyMap<StageName, string>;
  /** The stages that would be done, not taken over. */
  readonly anew: readonly StageName[];
  /** Those taken over though what they were made of would be another thing now. */
  readonly kept: readonly StageName[];
}

/** Plans a run that builds on a planned one. */
export async function planRun(
  recipe: Recipe,
  options: {
    readonly source?: Plan;
    readonly keep?: readonly StageName[];
    readonly until?: StageName;
  } = {},
): Promise<Plan> {
  const { source, keep = [], until } = options;
  const run = await openRun('', recipe);
  const fingerprints = new Map<StageName, string>();
  const anew: StageName[] = [];
  const kept: StageName[] = [];
  for (const name of until ? neededFor(until) : stageNames) {
    const there = source?.fingerprints.get(name);
    const { needs, sets } = table[name];
    const upstream = needs.map((need) => ({
      fingerprint:
        sets && need === 'problems'
          ? hashOf(sets(recipe).map((set) => plannedSet(recipe, set)))
          : fingerprints.get(need)!,
    }));
    const own = fingerprintOf({ name, settings: settingsOf(run, name), upstream });
    const fingerprint = keep.includes(name) ? (there ?? own) : own;
    if (fingerprint !== there) anew.push(name);
    if (fingerprint !== own) kept.push(name);
    fingerprints.set(name, fingerprint);
  }
  return { fingerprints, anew, kept };
}

/** What a set of problems will be made of. */
function plannedSet({ seed, problems, student, drafts, training }: Recipe, set: string): unknown {
  if (problems.source !== 'world') {
    return [contentsOf(problems), student, drafts.problems, training.orm.candidates, set];
  }
  const { settings, dev, test } = problems;
  const counts: Record<string, number> = {
    sft: student.sft.problems,
    train: drafts.problems,
    candidates: training.orm.candidates,
    dev,
    test,
  };
  return [seed, settings, set, counts[set] ?? student.expertIteration.problems];
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

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

/** The roles that stages up to one ask: the critics and refiners are there once the first of them is trained. */
function rolesUntil(until: StageName | undefined): readonly RoleName[] {
  if (until === 'problems') return [];
  return until && stageNames.indexOf(until) < stageNames.indexOf('sorm') ? ['student'] : roles;
}

/** Worked solutions and the problems of every round; a served student learns from none. */
function setsOfStudent({ student: { expertIteration }, models }: Recipe): string[] {
  if (models?.student) return [];
  return ['sft', ...Array.from({ length: expertIteration.rounds }, (_, i) => `ei-${i + 1}`)];
}

/** The stages before one, as its fingerprint has them: of the problems only the sets that it reads. */
async function upstreamOf(
  folder: string,
  recipe: Recipe,
  name: StageName,
  done: ReadonlyMap<StageName, StageRecord>,
): Promise<StageRecord[]> {
  const { needs, sets } = table[name];
  const records = needs.map((need) => done.get(need)!);
  if (!sets) return records;
  const read = createHash('sha256');
  for (const set of sets(recipe)) {
    const path = join(folder, 'problems', `${set}.jsonl`);
    read.update(`${set}\n`).update(await explained(path, () => readFile(path)));
  }
  const fingerprint = read.digest('hex');
  return records.map((record) =>
    record.name === 'problems' ? { ...record, fingerprint } : record,
  );
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
    const upstream = await upstreamOf(folder, recipe, name, done);
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
