/** The stages: what each does, what of the recipe and whose files its result depends on. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Checkpoint, fingerprint, readWhole } from '@glore/engine';
import { explained } from '../files/index.js';
import { type RoleName, roleNames } from '../model/index.js';
import type { Recipe } from '../recipe/index.js';
import { bitsIn, contentsOf, identityOf } from '../recipe/index.js';
import type { StageRecord } from '../run/index.js';
import type { Run } from './context.js';
import { modelsIn } from './room.js';
import { setsRead } from './sets.js';
import * as stages from './stages/index.js';
import { trainerIdentity } from './trainer.js';

/** A stage: what it does, what of the recipe it depends on, and whose files it reads. */
export interface Stage {
  readonly work: stages.Work;
  readonly settings: (recipe: Recipe) => unknown;
  /** Of `problems` it needs the sets that it reads: it is done anew when these change, not when others do. */
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
  'retrained',
  'controls',
] as const;
export type StageName = (typeof stageNames)[number];

/** A model that learns from the training sets alone. */
const trainedOnSets = (role: 'sorm' | 'global' | 'local', work: stages.Work): Stage => ({
  work,
  settings: ({ training, workers }) => [
    training[role],
    workers,
    ...(role === 'sorm' && training.sorm.outcomes ? [training.orm.balance] : []),
  ],
  needs: ['student', 'datasets'],
});

/** To be raised when the records of problems change. */
const RECORDS = 2;

export const table: Record<StageName, Stage> = {
  problems: {
    work: stages.problems,
    settings: (recipe) => {
      const { problems, student, drafts, training } = recipe;
      return [
        RECORDS,
        problems.source === 'world' ? problems : contentsOf(problems),
        student.sft.problems,
        student.expertIteration.rounds,
        student.expertIteration.problems,
        drafts.problems,
        training.orm.candidates,
        ...modelsIn(recipe),
      ];
    },
    needs: [],
  },
  student: {
    work: stages.student,
    settings: ({ student, maxTokens, workers, models }) =>
      models?.student ? [] : [student, maxTokens, workers],
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
    settings: ({ labels, localPairs, localDrafts, pairing, kept }) => [
      labels.balance,
      localPairs,
      pairing,
      ...(localDrafts ? [localDrafts] : []),
      ...(kept ? [{ kept }] : []),
    ],
    needs: ['labels'],
  },
  sorm: trainedOnSets('sorm', stages.sorm),
  global: trainedOnSets('global', stages.global),
  local: trainedOnSets('local', stages.local),
  candidates: {
    work: stages.candidates,
    settings: ({ training, maxTokens }) => [training.orm.candidates, maxTokens],
    needs: ['problems', 'student', 'sorm', 'global', 'local'],
  },
  orm: {
    work: stages.orm,
    settings: ({ training, workers }) => [training.orm, workers],
    needs: ['student', 'sorm', 'drafts', 'candidates'],
  },
  evaluation: {
    work: stages.evaluation,
    settings: ({ evaluation, maxTokens }) => [evaluation, maxTokens],
    needs: ['problems', 'student', 'orm', 'sorm', 'global', 'local'],
  },
  retrained: {
    work: stages.retrained,
    settings: ({ training, workers, models }) =>
      models?.student || models?.global ? [] : [training.global, workers],
    needs: ['student', 'datasets'],
  },
  controls: {
    work: stages.controls,
    settings: ({ evaluation, maxTokens }) => [evaluation, maxTokens],
    needs: ['student', 'orm', 'sorm', 'global', 'local', 'evaluation', 'retrained'],
  },
};

/** The stages whose work several processes may share. */
export const shardedStages: readonly StageName[] = ['drafts', 'rollouts'];

/** The roles that stages up to one ask: the critics and refiners are there once the first of them is trained. */
export function rolesUntil(until: StageName | undefined): readonly RoleName[] {
  if (until === 'problems') return [];
  return until && stageNames.indexOf(until) < stageNames.indexOf('sorm') ? ['student'] : roleNames;
}

/** The stages before one, as its fingerprint has them: of the problems only the sets that it reads. */
export async function upstreamOf(
  folder: string,
  recipe: Recipe,
  name: StageName,
  done: ReadonlyMap<StageName, StageRecord>,
): Promise<StageRecord[]> {
  const { needs } = table[name];
  const records = needs.map((need) => done.get(need)!);
  if (!needs.includes('problems')) return records;
  const read = createHash('sha256');
  for (const set of setsRead(recipe, name)) {
    const path = join(folder, 'problems', `${set.name}.jsonl`);
    read.update(`${set.name}\n`).update(await explained(path, () => readWhole(path)));
  }
  const fingerprint = read.digest('hex');
  return records.map((record) =>
    record.name === 'problems' ? { ...record, fingerprint } : record,
  );
}

/** Fingerprints that are known: that of a large base takes a second, and each stage has it. */
const known = new WeakMap<Checkpoint, string>();

function fingerprintOf(base: Checkpoint): string {
  const found = known.get(base) ?? fingerprint(base);
  known.set(base, found);
  return found;
}

/** What a stage's result depends on. */
export function settingsOf({ recipe, codec, base }: Run, name: StageName): unknown {
  // Whatever all stages depend on.
  const common = {
    seed: recipe.seed,
    ...bitsIn(recipe),
    codec: codec.hash,
    ...(base.weights.size > 0 && { base: fingerprintOf(base) }),
  };
  return { common, ...ownSettings(recipe, name) };
}

export const ownSettings = (recipe: Recipe, name: StageName) => ({
  own: table[name].settings(recipe),
  ...servedIn(recipe, name),
  ...trainerIdentity(recipe, name),
});

/** The served model of the role that a stage is named after, so that a run without any is what it was. */
function servedIn(recipe: Recipe, name: StageName): { served?: unknown } {
  const served = identityOf(recipe.models, name);
  return served === undefined ? {} : { served };
}

/** The stages that `name` needs, itself last, in the order of data flow. */
export function neededFor(name: StageName): StageName[] {
  const wanted = new Set<StageName>([name]);
  for (const stage of stageNames.toReversed()) {
    if (wanted.has(stage)) for (const need of table[stage].needs) wanted.add(need);
  }
  return stageNames.filter((stage) => wanted.has(stage));
}
