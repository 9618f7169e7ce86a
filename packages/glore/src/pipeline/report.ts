/** The last stage: `report.json` and the table, from the records of the evaluation. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  accuracyCurve,
  type Curve,
  type EvaluationReport,
  evaluate,
  fitBudgets,
  fitGate,
  type ProblemAttempts,
  type ProblemRefinements,
  type ProblemRounds,
  pathsOf,
  renderChart,
  renderCurve,
  type Speeds,
  type Thresholds,
} from '../evaluate/index.js';
import { readJson, readJsonl, type StageRecord, writeJson } from '../run/index.js';
import { pathIn, type Run } from './context.js';
import type { LabelSummary } from './stages/index.js';

/** `report.json`, a stable interface. */
export interface Report extends EvaluationReport {
  /** Accuracy against generated tokens. */
  readonly curve: Curve;
  readonly problems: number;
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly stages: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly generatedTokens: number;
  }[];
  readonly labels: LabelSummary & { readonly generatedTokens: number };
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly node: string;
    /** The largest resident memory of the process that wrote the report. */
    readonly peakMemoryGiB: number;
  };
}

/** Computes the report of finished stages and writes it to the run folder. */
export async function writeReport(run: Run, stages: readonly StageRecord[]): Promise<Report> {
  const at = (name: string) => pathIn(run, 'evaluation', name);
  const both = <T>(kind: string) =>
    Promise.all(
      ['dev', 'test'].map((split) => readJsonl<T>(at(`${split}.${kind}.jsonl`))),
    ) as Promise<[T[], T[]]>;
  const [devAttempts, testAttempts] = await both<ProblemAttempts>('attempts');
  const [devRefined, testRefined] = await both<ProblemRefinements>('refinements');
  const [devRounds, testRounds] =
    run.recipe.evaluation.rounds > 1 ? await both<ProblemRounds>('rounds') : [[], []];
  const thresholds = await readJson<Thresholds>(at('thresholds.json'));
  const tau = fitGate(devAttempts, devRefined);
  const evaluation = evaluate(
    testAttempts,
    testRefined,
    thresholds,
    tau,
    await readJson<Speeds>(at('speeds.json')),
  );
  const labels = await readJson<LabelSummary>(pathIn(run, 'labels', 'summary.json'));
  const report: Report = {
    ...evaluation,
    curve: accuracyCurve(
      testAttempts,
      pathsOf(testAttempts, testRefined, testRounds),
      fitBudgets(devAttempts, pathsOf(devAttempts, devRefined, devRounds)),
    ),
    labels: {
      ...labels,
      generatedTokens: stages.find(({ name }) => name === 'rollouts')?.generatedTokens ?? 0,
    },
    problems: testAttempts.length,
    seeds: [run.recipe.seed],
    seconds: stages.reduce((sum, { seconds }) => sum + seconds, 0),
    stages: stages.map(({ name, seconds, generatedTokens }) => ({
      name,
      seconds,
      generatedTokens,
    })),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: round(totalmem() / 2 ** 30),
      node: process.version,
      peakMemoryGiB: round(process.resourceUsage().maxRSS / 2 ** 20),
    },
  };
  await writeFile(join(run.folder, 'report.svg'), renderChart(report));
  await writeFile(join(run.folder, 'curve.svg'), renderCurve(report));
  await writeJson(join(run.folder, 'report.json'), report);
  return report;
}

const round = (value: number): number => Math.round(value * 100) / 100;
