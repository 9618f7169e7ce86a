/** What a run would do, known before it does anything. */
import { createHash } from 'node:crypto';
import type { Recipe } from '../recipe/index.js';
import { contentsOf } from '../recipe/index.js';
import { fingerprintOf } from '../run/index.js';
import { openRunFolder } from './context.js';
import { modelsIn } from './room.js';
import { type ProblemSet, setsRead } from './sets.js';
import { neededFor, type StageName, settingsOf, stageNames, table } from './table.js';

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
  const run = await openRunFolder('', recipe);
  const fingerprints = new Map<StageName, string>();
  const anew: StageName[] = [];
  const kept: StageName[] = [];
  for (const name of until ? neededFor(until) : stageNames) {
    const there = source?.fingerprints.get(name);
    const upstream = table[name].needs.map((need) => ({
      fingerprint:
        need === 'problems'
          ? hashOf(setsRead(recipe, name).map((set) => plannedSet(recipe, set)))
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
function plannedSet(recipe: Recipe, { name, count }: ProblemSet): unknown {
  const { seed, problems, student, drafts, training } = recipe;
  if (problems.source === 'world') return [seed, problems.settings, name, count];
  // What a set of files has depends on what the others take.
  const { candidates } = training.orm;
  return [contentsOf(problems), student, drafts.problems, candidates, name, ...modelsIn(recipe)];
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');
