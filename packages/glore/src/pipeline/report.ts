/** The last stage: `report.json` and the table, from the records of the evaluation. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  accuracyCurve,
  type Curve,
  cautionsOf,
  curveShape,
  type EvaluationReport,
  evaluate,
  evaluationFields,
  fitBudgets,
  fitGate,
  pathsOf,
  recordsOf,
  renderChart,
  renderCurve,
  speedsShape,
  thresholdsShape,
  type Way,
} from '../evaluate/index.js';
import { amount, count, readJson, replaceFile, text, writeJson } from '../files/index.js';
import { bitsIn } from '../recipe/index.js';
import type { StageRecord } from '../run/index.js';
import type { Run } from './context.js';
import { readLabelSummary, readMeasured, readRounds } from './records.js';
import {
  type Answered,
  answeredShape,
  type Coverage,
  coverageShape,
  readAnswered,
  readCoverage,
} from './served.js';
import {
  type LabelSummary,
  labelSummaryShape,
  type Round,
  roundsOfStudent,
} from './stages/index.js';

/** `report.json`, a stable interface. */
export interface Report extends EvaluationReport {
  /** Accuracy against generated tokens. */
  readonly curve: Curve;
  readonly problems: number;
  readonly seeds: readonly number[];
  /** Bits of the numbers that models of this process multiplied; absent where they are all there. */
  readonly bits?: 8;
  readonly seconds: number;
  readonly stages: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly generatedTokens: number;
    /** Tokens that models had to read here, each distinct beginning once, and positions computed; 0 where not counted. */
    readonly neededTokens: number;
    readonly computedTokens: number;
  }[];
  /** What on dev says that figures will mean little. */
  readonly cautions: readonly string[];
  /** What each round of Expert Iteration has made of the student, on dev; absent where that is not measured. */
  readonly studentRounds?: readonly Round[];
  readonly labels: LabelSummary & { readonly generatedTokens: number };
  /** Of critics that are read from log-probabilities; absent without any. */
  readonly coverage?: Coverage;
  /** Of roles on servers: how many answers there were, and values by what the labels covered; absent without any. */
  readonly answered?: Answered;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly node: string;
    /** The largest resident memory of the process that wrote the report. */
    readonly peakMemoryGiB: number;
  };
}

/** The report as it stands in its file. */
export const reportShape: z.ZodType<Report> = z
  .object({
    ...evaluationFields,
    curve: curveShape,
    // Reports of earlier versions have none.
    cautions: z.array(text).default([]),
    problems: count,
    studentRounds: roundsOfStudent.exactOptional(),
    seeds: z.array(count),
    bits: z.literal(8).exactOptional(),
    seconds: amount,
    // Reports of earlier versions have not all of it.
    stages: z.array(
      z.object({
        name: text,
        seconds: amount,
        generatedTokens: count,
        neededTokens: count.default(0),
        computedTokens: count.default(0),
      }),
    ),
    labels: z.intersection(labelSummaryShape, z.object({ generatedTokens: count })),
    coverage: coverageShape.exactOptional(),
    answered: answeredShape.exactOptional(),
    machine: z.object({
      processor: z.string(),
      cores: count,
      memoryGiB: amount,
      node: z.string(),
      peakMemoryGiB: amount,
    }),
  })
  .refine(({ problems, outcomes }) => problems === outcomes.pairs.n.length, {
    path: ['problems'],
    error: 'as many as the outcomes have',
  });

/** The records of a run's last stage, of dev and test. */
async function recordsIn(folder: string) {
  const at = (name: string) => join(folder, 'evaluation', name);
  const records = async (split: string) => {
    const { attempts, refinements, rounds, ...more } = await readMeasured(folder, split);
    return { problems: recordsOf(attempts, refinements, more), rounds };
  };
  return {
    dev: await records('dev'),
    test: await records('test'),
    thresholds: await readJson(at('thresholds.json'), thresholdsShape),
    speeds: await readJson(at('speeds.json'), speedsShape),
  };
}

type Records = Awaited<ReturnType<typeof recordsIn>>;

const evaluated = (
  { dev, test, thresholds, speeds }: Records,
  problems = test.problems,
  ways?: readonly Way[],
): EvaluationReport => evaluate(problems, { thresholds, tau: fitGate(dev.problems), speeds, ways });

/**
 * Evaluates the records of a run's last stage.
 * @param options.problems most test problems, the first of them
 * @param options.ways the rows; the standard ones if left out
 */
export async function evaluationIn(
  folder: string,
  {
    problems,
    ways,
  }: { readonly problems?: number | undefined; readonly ways?: readonly Way[] } = {},
): Promise<EvaluationReport & { readonly problems: number }> {
  const records = await recordsIn(folder);
  const first = records.test.problems.slice(0, problems);
  return { ...evaluated(records, first, ways), problems: first.length };
}

/** Computes the report of finished stages and writes it to the run folder. */
export async function writeReport(run: Run, stages: readonly StageRecord[]): Promise<Report> {
  const records = await recordsIn(run.folder);
  const { dev, test } = records;
  const labels = await readLabelSummary(run.folder);
  const studentRounds = await readRounds(run.folder);
  const coverage = await readCoverage(run.folder);
  const answered = await readAnswered(run.folder);
  const evaluation = evaluated(records);
  const report: Report = {
    ...evaluation,
    curve: accuracyCurve(
      test.problems,
      pathsOf(test.problems, test.rounds),
      fitBudgets(dev.problems, pathsOf(dev.problems, dev.rounds)),
    ),
    cautions: cautionsOf(dev.problems, evaluation.thresholds.gate),
    problems: test.problems.length,
    ...(studentRounds && { studentRounds }),
    labels: {
      ...labels,
      generatedTokens: stages.find(({ name }) => name === 'rollouts')?.generatedTokens ?? 0,
    },
    ...(coverage && { coverage }),
    ...(answered && { answered }),
    seeds: [run.recipe.seed],
    ...bitsIn(run.recipe),
    seconds: stages.reduce((sum, { seconds }) => sum + seconds, 0),
    stages: stages.map(({ name, seconds, generatedTokens, neededTokens, computedTokens }) => ({
      name,
      seconds,
      generatedTokens,
      neededTokens,
      computedTokens,
    })),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: round(totalmem() / 2 ** 30),
      node: process.version,
      peakMemoryGiB: round(process.resourceUsage().maxRSS / 2 ** 20),
    },
  };
  await replaceFile(join(run.folder, 'report.svg'), [renderChart(report)]);
  await replaceFile(join(run.folder, 'curve.svg'), [renderCurve(report)]);
  await writeJson(join(run.folder, 'report.json'), report);
  return report;
}

const round = (value: number): number => Math.round(value * 100) / 100;
