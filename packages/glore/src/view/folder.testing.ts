/** The folder of a run with test problems that were evaluated, for the tests of what the pages see. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Attempt, ProblemAttempts, ProblemRefinements } from '../evaluate/index.js';
import { writeJson, writeJsonl } from '../files/index.js';
import type { Problem } from '../problem/index.js';
import { readRecipe } from '../recipe/index.js';
import type { Candidate } from '../refine/index.js';
import { filesOf } from './rows.js';

const recipes = resolve(import.meta.dirname, '../../../../recipes');
export const recipe = readRecipe(join(recipes, 'tiny.yaml'));

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'glore-view-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What a problem of the tests is: the answers, of which one is right if it is the gold one. */
export interface Given {
  readonly gold: string;
  readonly draft: string | null;
  /** Of the draft's two steps; not known if left out. */
  readonly truth?: readonly boolean[];
  readonly global: string;
  /** With it there is a first error, in line 2 unless `location` says otherwise. */
  readonly local?: string;
  readonly location?: number;
  /** Its index. */
  readonly choice: number;
}

/** A run folder with these test problems. */
export async function folderWith(problems: readonly Given[]): Promise<string> {
  const folder = temporaryFolder();
  await writeJson(join(folder, 'recipe.json'), recipe);
  await writeProblems(folder, problems);
  return folder;
}

export async function writeProblems(folder: string, problems: readonly Given[]): Promise<void> {
  const files = filesOf(folder);
  await writeJsonl(files.problems, problems.map(problemOf));
  await writeJsonl(files.attempts, problems.map(attemptsOf));
  await writeJsonl(files.refinements, problems.map(refinementsOf));
  await writeJson(join(folder, 'evaluation', 'thresholds.json'), {
    step: { orm: 0.5, sorm: 0.5 },
    locate: { orm: 0.5, sorm: 0.25 },
    final: { orm: 0.5, sorm: 0.5 },
  });
}

const idOf = (index: number): string => `test-${index + 1}`;

const problemOf = ({ gold }: Given, i: number): Problem => ({
  id: idOf(i),
  question: `How many <b>apples</b> has basket ${i + 1}? “Ärger” 😀`,
  answer: gold,
  steps: [`There are ${i}+1=<<${i}+1=${i + 1}>>${i + 1}.`],
});

function attempt(given: Given, answer: string | null, truth: readonly boolean[] | null): Attempt {
  const values = [0.9, 0.2, ...(answer === null ? [] : [0.6])];
  return {
    ...{ steps: ['first, "samples":[', `,"samples":[ ${answer}`], answer },
    right: answer === given.gold,
    tokens: 7,
    orm: values,
    sorm: values,
    truth,
  };
}

const attemptsOf = (given: Given, i: number): ProblemAttempts => ({
  problem: idOf(i),
  draft: attempt(given, given.draft, given.truth ?? null),
  samples: [attempt(given, given.gold, null)],
});

function refinementsOf(given: Given, i: number): ProblemRefinements {
  const { gold, draft, global, local, choice, location = 2 } = given;
  const candidate = (source: Candidate['source'], answer: string | null): Candidate => ({
    source,
    solution: { steps: ['first, "samples":[', `,"samples":[ ${answer}`], answer },
    score: 0.5,
    tokens: 7,
  });
  const outcome = (answer: string | null) => ({ answer, right: answer === gold, tokens: 7 });
  return {
    problem: idOf(i),
    decision: {
      values: attempt(given, draft, null).sorm,
      location: local === undefined ? -1 : location,
      candidates: [
        candidate('draft', draft),
        candidate('global', global),
        ...(local === undefined ? [] : [candidate('local', local)]),
      ],
      choice,
    },
    global: outcome(global),
    local: outcome(local ?? draft),
    localOrm: outcome(draft),
    localTruth: null,
  };
}
