/** How far a run is, by what its stages have left in their folders. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { roleNames } from '../model/index.js';
import { stageNames } from '../pipeline/index.js';
import { allServed, type Recipe, readStoredRecipe } from '../recipe/index.js';
import {
  isWorkedOn,
  lookAtStage,
  type ProgressNow,
  readProgress,
  type Spent,
  type StageLook,
} from '../run/index.js';
import { curveFiles } from './curves.js';
import { signatureOf } from './derived.js';
import { filesOf } from './rows.js';
import type { RunState, StageState } from './wire.js';

/** @param test how many test problems there are, where they are there already */
export async function stateOf(
  folder: string,
  name: string,
  test: number | undefined,
): Promise<RunState> {
  const recipe = await readStoredRecipe(folder);
  const working = await isWorkedOn(folder);
  const stages = await stagesOf(folder, working);
  const { problems } = recipe;
  const tests = test ?? (problems.source === 'world' ? problems.test : undefined);
  return {
    name,
    state: working ? 'running' : existsSync(join(folder, 'report.json')) ? 'finished' : 'stopped',
    seed: recipe.seed,
    problems: { source: problems.source, ...(tests !== undefined && { test: tests }) },
    model: modelOf(recipe),
    seconds: stages.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
    stages,
    version: await versionOf(folder),
  };
}

async function stagesOf(folder: string, working: boolean): Promise<StageState[]> {
  const looks = new Map<string, StageLook>();
  for (const name of stageNames) looks.set(name, await lookAtStage(join(folder, name)));
  const done = new Set<string>();
  for (const [name, look] of looks) {
    // What a stage was made of may have been made anew since: then so will it be. Of the problems it has a hash of its own.
    const same = look.upstream.every(
      (one) =>
        done.has(one.name) &&
        (one.name === 'problems' || looks.get(one.name)?.done?.fingerprint === one.fingerprint),
    );
    if (look.done && same) done.add(name);
  }
  const begun = [...looks].filter(([, look]) => look.begun !== undefined && !look.done);
  const [last] = begun.toSorted(([, a], [, b]) => b.begun! - a.begun!).map(([name]) => name);
  const unfinished = new Set(begun.map(([name]) => name));
  const now = working ? await readProgress(folder) : undefined;
  const stateOfStage = (name: string): StageState['state'] => {
    if (done.has(name)) return 'done';
    if (working && name === last) return 'running';
    return unfinished.has(name) ? 'stopped' : 'waiting';
  };
  return [...looks].map(([name, { spent }]) => {
    const state = stateOfStage(name);
    return {
      name,
      state,
      ...(spent && costOf(spent)),
      ...(state === 'running' && now?.stage === name && { progress: progressOf(now) }),
    };
  });
}

const progressOf = ({ stage: _, ...progress }: ProgressNow) => progress;

const costOf = ({ seconds, generatedTokens, scoredTokens, trainedTokens }: Spent) => ({
  seconds,
  generatedTokens,
  scoredTokens,
  trainedTokens,
});

/** The base unless no role has it, and the served models with their roles. */
function modelOf(recipe: Recipe): string {
  const served = new Map<string, string[]>();
  for (const role of roleNames) {
    const model = recipe.models?.[role]?.model;
    if (model !== undefined) served.set(model, [...(served.get(model) ?? []), role]);
  }
  const names = [...served].map(([model, roles]) => `${model} (${roles.join(', ')})`);
  if (!allServed(recipe)) return [basename(recipe.base), ...names].join(', ');
  return served.size === 1 ? [...served.keys()].join() : names.join(', ');
}

/** Of what is asked for besides the state: the report, the curves, the labels, the test problems. */
async function versionOf(folder: string): Promise<string> {
  const curves = curveFiles(folder).map(({ path }) => path);
  const others = ['report.json', 'labels/labels.jsonl'].map((file) => join(folder, file));
  const tests = Object.values(filesOf(folder));
  const signature = await signatureOf([...others, ...tests, ...curves]);
  return createHash('sha256').update(signature).digest('hex').slice(0, 16);
}
