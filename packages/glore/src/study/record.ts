/** What a study keeps of a finished run beside its report: `study.json` in the run's folder. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { firstErrorOf } from '../codec/index.js';
import { type EvaluationReport, evaluationShape } from '../evaluate/index.js';
import {
  amount,
  brokenRecord,
  count,
  readJson,
  readJsonl,
  share,
  text,
  writeJson,
} from '../files/index.js';
import { type LabelledSample, labelledShape } from '../label/index.js';
import {
  evaluationIn,
  type LabelSummary,
  labelSummaryShape,
  type Plan,
  readLabelSummary,
  type StageName,
  stageNames,
} from '../pipeline/index.js';
import { readDone } from '../run/index.js';
import type { StudyRun } from './study.js';

/** The labels of wrong samples beside those of the run that it builds on, which labelled the same samples. */
export interface Agreement {
  readonly labels: number;
  /** Share of labels that are equal. */
  readonly equal: number;
  /** Share of samples with the same first error. */
  readonly firstErrors: number;
}

export interface RunRecord {
  readonly variant: string;
  readonly seed: number;
  readonly against: string | null;
  /** The last stage; null if all were done. */
  readonly until: StageName | null;
  /** Hash of the fingerprints of its stages: the record is of these settings. */
  readonly fingerprint: string;
  /** Its stages; `taken`: not done here but taken over, the same or in spite of other settings. */
  readonly stages: readonly {
    readonly name: StageName;
    readonly seconds: number;
    readonly generatedTokens: number;
    readonly taken: 'same' | 'kept' | null;
  }[];
  readonly labels:
    | (LabelSummary & {
        readonly method: string;
        readonly count: number;
        readonly generatedTokens: number;
      })
    | null;
  readonly agreement: Agreement | null;
  /** The evaluation of the run that it builds on, on the same problems as its own. */
  readonly before: EvaluationReport | null;
}

const recordShape: z.ZodType<RunRecord> = z.object({
  variant: text,
  seed: count,
  against: text.nullable(),
  until: z.enum(stageNames).nullable(),
  fingerprint: text,
  stages: z.array(
    z.object({
      name: z.enum(stageNames),
      seconds: amount,
      generatedTokens: count,
      taken: z.enum(['same', 'kept']).nullable(),
    }),
  ),
  labels: z
    .intersection(
      labelSummaryShape,
      z.object({ method: text, count: count, generatedTokens: count }),
    )
    .nullable(),
  agreement: z.object({ labels: count, equal: share, firstErrors: share }).nullable(),
  before: evaluationShape.nullable(),
});

const pathIn = (folder: string): string => join(folder, 'study.json');

/** One hash for all that a planned run depends on. */
export const fingerprintOf = ({ fingerprints }: Plan): string =>
  createHash('sha256')
    .update(JSON.stringify([...fingerprints]))
    .digest('hex');

/** The record of a run that is done as planned; undefined where it is not. */
export async function readRecord(folder: string, plan: Plan): Promise<RunRecord | undefined> {
  if (!existsSync(pathIn(folder))) return undefined;
  const path = pathIn(folder);
  const record = await readJson(path, recordShape, `delete ${path} and run the study again`);
  return record.fingerprint === fingerprintOf(plan) ? record : undefined;
}

/** Writes the record of a run that has just been done. `source` is the folder of the run that it builds on. */
export async function writeRecord(
  folder: string,
  run: StudyRun,
  plan: Plan,
  source: string | undefined,
): Promise<RunRecord> {
  const stages = await Promise.all(
    [...plan.fingerprints.keys()].map(async (name) => {
      const done = await readDone(join(folder, name));
      if (!done) throw notDone(join(folder, name));
      const { seconds, generatedTokens } = done;
      const taken = plan.anew.includes(name) ? null : plan.kept.includes(name) ? 'kept' : 'same';
      return { name, seconds, generatedTokens, taken } as const;
    }),
  );
  const labelled = plan.fingerprints.has('labels');
  const relabelled = source !== undefined && plan.anew.includes('labels');
  const record: RunRecord = {
    variant: run.variant,
    seed: run.seed,
    against: run.against ?? null,
    until: run.until ?? null,
    fingerprint: fingerprintOf(plan),
    stages,
    labels: labelled
      ? {
          ...(await readLabelSummary(folder)),
          method: run.recipe.rollouts.method,
          count: run.recipe.rollouts.count,
          generatedTokens: stages.find(({ name }) => name === 'rollouts')!.generatedTokens,
        }
      : null,
    agreement: relabelled ? await agreement(folder, source) : null,
    before:
      source !== undefined && !run.until && existsSync(join(source, 'report.json'))
        ? await evaluationIn(source, { problems: run.recipe.evaluation.problems })
        : null,
  };
  await writeJson(pathIn(folder), record);
  return record;
}

const notDone = (folder: string) =>
  brokenRecord(folder, [], 'a stage that is done', 'one that is not', 'run the study again');

/** Compares the labels of wrong samples, by sample; null where there are no common ones. */
async function agreement(folder: string, source: string): Promise<Agreement | null> {
  const wrongOf = async (run: string) =>
    (await readJsonl(join(run, 'labels', 'labels.jsonl'), labelledShape)).filter(
      ({ answer }) => answer !== true,
    );
  const key = ({ problem, sample }: LabelledSample) => JSON.stringify([problem, sample]);
  const there = new Map((await wrongOf(source)).map((item) => [key(item), item]));
  const both = (await wrongOf(folder)).flatMap((item) => {
    const other = there.get(key(item));
    // Of other samples of that number nothing can be said.
    return other?.labels.length === item.labels.length
      ? [[item.labels, other.labels] as const]
      : [];
  });
  if (both.length === 0) return null;
  const equal = both.flatMap(([a, b]) => a.map((label, i) => label === b[i]));
  return {
    labels: equal.length,
    equal: equal.filter(Boolean).length / equal.length,
    firstErrors: both.filter(([a, b]) => firstErrorOf(a) === firstErrorOf(b)).length / both.length,
  };
}
