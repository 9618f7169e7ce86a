/** The records of earlier stages, read from a run's folder, and what follows from them alone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  correctRecords,
  ormRecords,
  questionsOf,
  type RewardRecord,
  type SetRecords,
  type StudentRecord,
  setShapes,
  workedRecords,
} from '../dataset/index.js';
import {
  attemptsShape,
  controlsShape,
  type ProblemAttempts,
  refinementsShape,
  roundsShape,
} from '../evaluate/index.js';
import { brokenRecord, cureOf, readJson, readJsonl } from '../files/index.js';
import { chooseSamples, type LabelledSample, labelledShape } from '../label/index.js';
import { type Problem, problemShape } from '../problem/index.js';
import { learns } from '../recipe/index.js';
import {
  byKey,
  learnedFrom,
  type RolloutRecord,
  rolloutShape,
  type Sample,
  sampleKey,
  sampleShape,
} from '../rollout/index.js';
import { pathIn, type Run } from './context.js';
import { roundSets } from './sets.js';
import { type Round, roundsOfStudent } from './stages/rounds.js';
import { type LabelSummary, labelSummaryShape } from './stages/truth.js';

/** The problems of a set, each once. */
export async function readProblems(
  { folder }: Pick<Run, 'folder'>,
  set: string,
): Promise<Problem[]> {
  const path = join(folder, 'problems', `${set}.jsonl`);
  const problems = await readJsonl(path, problemShape);
  const seen = new Set<string>();
  for (const [i, { id }] of problems.entries()) {
    if (seen.has(id)) throw broken(path, i, 'id', 'an id of its own', id);
    seen.add(id);
  }
  return problems;
}

export const readQuestions = async (run: Run, set: string): Promise<Map<string, string>> =>
  questionsOf(await readProblems(run, set));

/** What the last student has learned from. Where nothing trains it there were no rounds. */
export async function studentRecords(run: Run): Promise<StudentRecord[]> {
  const worked = workedRecords(await readProblems(run, 'sft'));
  if (!learns(run.recipe, 'student')) return worked;
  const samples: Sample[][] = [];
  const all = new Map<string, string>();
  for (const [i, set] of roundSets(run.recipe).entries()) {
    const path = pathIn(run, 'student', `samples-${i + 1}.jsonl`);
    // Rounds may have ended early.
    if (!existsSync(path)) break;
    const questions = await readQuestions(run, set);
    samples.push(await samplesIn(path, questions));
    for (const [id, question] of questions) all.set(id, question);
  }
  return [...worked, ...correctRecords(samples.flat(), all)];
}

/** Problems by id, whatever else is known of them. */
interface OfIds {
  has(problem: string): boolean;
}

/** Samples of problems in their order, those of a problem numbered from 0. */
async function samplesIn(path: string, problems: OfIds): Promise<Sample[]> {
  const samples = await readJsonl(path, sampleShape);
  for (const [i, { problem, index }] of samples.entries()) {
    if (!problems.has(problem)) throw broken(path, i, 'problem', 'one of the set', problem);
    const before = samples[i - 1];
    const next = before?.problem === problem ? before.index + 1 : 0;
    if (index !== next) throw broken(path, i, 'index', String(next), String(index));
  }
  return samples;
}

/** The student's samples that are learned from. @param problems those of `train`, by id */
export const readSamples = async (run: Run, problems: OfIds): Promise<Sample[]> =>
  learnedFrom(
    await samplesIn(pathIn(run, 'drafts', 'samples.jsonl'), problems),
    run.recipe.drafts.samples,
  );

/** Those of the samples whose steps are labelled. */
export const samplesToLabel = ({ recipe }: Run, samples: readonly Sample[]) =>
  chooseSamples(samples, {
    most: recipe.rollouts.samples,
    seed: `${recipe.seed}/labelled`,
    unsolved: recipe.rollouts.unsolved,
  });

/** The rollouts of the wrong samples to label: one record for each. */
export async function readRollouts(run: Run, wrong: readonly Sample[]): Promise<RolloutRecord[]> {
  const path = pathIn(run, 'rollouts', 'rollouts.jsonl');
  const records = await readJsonl(path, rolloutShape);
  const sampleOf = finder(path, wrong);
  const seen = new Set<Sample>();
  for (const [i, record] of records.entries()) {
    const sample = sampleOf(record, i);
    if (seen.has(sample)) throw broken(path, i, 'sample', 'one without a record', 'one with two');
    seen.add(sample);
    const { steps } = sample;
    if (record.prefixes.length !== steps.length) {
      const expected = stepsOf(steps);
      throw broken(path, i, 'prefixes', expected, String(record.prefixes.length));
    }
  }
  if (records.length < wrong.length) {
    const expected = `a record for each of the ${wrong.length} wrong samples`;
    throw brokenRecord(path, [], expected, String(records.length), cureOf(path));
  }
  return records;
}

/** The labels of samples. */
export async function readLabels(run: Run, samples: readonly Sample[]): Promise<LabelledSample[]> {
  const path = pathIn(run, 'labels', 'labels.jsonl');
  const labelled = await readJsonl(path, labelledShape);
  const sampleOf = finder(path, samples);
  for (const [i, record] of labelled.entries()) {
    const { steps, answer, right } = sampleOf(record, i);
    if (record.labels.length !== steps.length) {
      const expected = stepsOf(steps);
      throw broken(path, i, 'labels', expected, String(record.labels.length));
    }
    const verdict = answer === null ? null : right;
    if (record.answer !== verdict) {
      throw broken(path, i, 'answer', String(verdict), String(record.answer));
    }
  }
  return labelled;
}

/** It may be the samples that are wrong, so where they are is said as well. */
const stepsOf = (steps: readonly string[]): string =>
  `one for each of the ${steps.length} steps that the sample has in drafts/samples.jsonl`;

/** Finds the sample that a record is about. */
function finder(path: string, samples: readonly Sample[]) {
  const named = byKey(samples);
  return ({ problem, sample }: { problem: string; sample: number }, at: number): Sample => {
    const found = named.get(sampleKey(problem, sample));
    if (found) return found;
    const expected = 'a sample of drafts/samples.jsonl that is labelled';
    throw broken(path, at, 'sample', expected, sampleKey(problem, sample));
  };
}

/** @param at counted from 0: a record stands on each line */
const broken = (path: string, at: number, field: string, expected: string, found: string) =>
  brokenRecord(`${path}:${at + 1}`, [field], expected, found, cureOf(path));

/** What the labels are worth. */
export const readLabelSummary = (folder: string): Promise<LabelSummary> =>
  readJson(join(folder, 'labels', 'summary.json'), labelSummaryShape);

export const readSet = <N extends keyof SetRecords>(run: Run, name: N): Promise<SetRecords[N][]> =>
  readJsonl(pathIn(run, 'datasets', `${name}.jsonl`), setShapes[name]);

/**
 * What was measured on each problem of a split, by its files. There are no later rounds unless the recipe asks for more; dev
 * has no controls, and earlier versions had none.
 */
export async function readMeasured(folder: string, split: string) {
  const attempts = await readAttempts(folder, split);
  const of = async <R extends OfProblem>(stage: string, kind: string, shape: z.ZodType<R>) => {
    const path = join(folder, stage, `${split}.${kind}.jsonl`);
    const records = await readJsonl(path, shape);
    checkProblems(path, records, attempts, attempts.length);
    return records;
  };
  const ifThere = async <R extends OfProblem>(stage: string, kind: string, shape: z.ZodType<R>) =>
    existsSync(join(folder, stage, `${split}.${kind}.jsonl`)) ? of(stage, kind, shape) : undefined;
  return {
    attempts,
    refinements: await of('evaluation', 'refinements', refinementsShape),
    rounds: (await ifThere('evaluation', 'rounds', roundsShape)) ?? [],
    controls: await ifThere('controls', 'controls', controlsShape),
    retrained: await ifThere('controls', 'retrained', attemptsShape),
  };
}

/** What each round of Expert Iteration has made of the student; undefined where that is not measured. */
export async function readRounds(folder: string): Promise<Round[] | undefined> {
  const path = join(folder, 'student', 'rounds.json');
  return existsSync(path) ? readJson(path, roundsOfStudent) : undefined;
}

/** The attempts at the problems of a split. */
export async function readAttempts(folder: string, split: string): Promise<ProblemAttempts[]> {
  const path = join(folder, 'evaluation', `${split}.attempts.jsonl`);
  const records = await readJsonl(path, attemptsShape);
  const problems = await readProblems({ folder }, split);
  checkProblems(
    path,
    records,
    problems.map(({ id }) => ({ problem: id })),
    // The recipe may ask for fewer.
    Math.min(1, problems.length),
  );
  const [first] = records;
  for (const [i, { samples }] of records.entries()) {
    const wanted = first!.samples.length;
    if (samples.length !== wanted) {
      throw broken(path, i, 'samples', `${wanted}, as in line 1`, String(samples.length));
    }
  }
  return records;
}

interface OfProblem {
  readonly problem: string;
}

/** Whether records are of these problems in their order, of at least so many. */
function checkProblems(
  path: string,
  records: readonly OfProblem[],
  problems: readonly OfProblem[],
  least: number,
): void {
  for (const [i, { problem }] of records.entries()) {
    const expected = problems[i]?.problem;
    if (problem !== expected) {
      throw broken(path, i, 'problem', expected ?? 'no more records', problem);
    }
  }
  if (records.length >= least) return;
  throw brokenRecord(path, [], `${least} records`, String(records.length), cureOf(path));
}

/** What the ORM learns from samples, whose outcome is their label: the student's, or candidates for reranking. */
export async function ormSet(run: Run, of: 'samples' | 'candidates'): Promise<RewardRecord[]> {
  const { seed, training } = run.recipe;
  const [set, name] = of === 'samples' ? ['train', 'orm'] : ['candidates', 'candidates'];
  const questions = await readQuestions(run, set!);
  const samples =
    of === 'samples'
      ? await readSamples(run, questions)
      : await samplesIn(pathIn(run, 'candidates', 'candidates.jsonl'), questions);
  return ormRecords(samples, questions, {
    balance: training.orm.balance,
    seed: `${seed}/${name}`,
  });
}

/** How many problems records are of. */
export const problemsIn = (records: readonly { readonly problem: string }[]): number =>
  new Set(records.map(({ problem }) => problem)).size;
