/** The last stage: `report.json` and the table, from the records of the evaluation. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  type EvaluationReport,
  evaluate,
  fitGate,
  type ProblemAttempts,
  type ProblemRefinements,
  renderChart,
  type Speeds,
  type Thresholds,
} from '../evaluate/index.js';
import { readJson, readJsonl, type StageRecord, writeJson } from '../run/index.js';
import { pathIn, type Run } from './context.js';
import type { LabelSummary } from './stages/index.js';

/** `report.json`, a stable interface. */
export interface Report extends EvaluationReport {
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

/**
 * Evaluates the records of a run's last stage.
 * @param problems most test problems, the first of them
 */
export async function evaluationIn(
  folder: string,
  problems?: number,
): Promise<EvaluationReport & { readonly problems: number }> {
  const at = (name: string) => join(folder, 'evaluation', name);
  const both = <T>(kind: string) =>
    Promise.all(
      ['dev', 'test'].map((split) => readJsonl<T>(at(`${split}.${kind}.jsonl`))),
    ) as Promise<[T[], T[]]>;
  const [devAttempts, testAttempts] = await both<ProblemAttempts>('attempts');
  const [devRefined, testRefined] = await both<ProblemRefinements>('refinements');
  const thresholds = await readJson<Thresholds>(at('thresholds.json'));
  const attempts = testAttempts.slice(0, problems);
  const evaluation = evaluate(
    attempts,
    testRefined.slice(0, problems),
    thresholds,
    fitGate(devAttempts, devRefined),
    await readJson<Speeds>(at('speeds.json')),
  );
  return { ...evaluation, problems: attempts.length };
}

/** Computes the report of finished stages and writes it to the run folder. */
export async function writeReport(run: Run, stages: readonly StageRecord[]): Promise<Report> {
  const evaluation = await evaluationIn(run.folder);
  const labels = await readJson<LabelSummary>(pathIn(run, 'labels', 'summary.json'));
  const report: Report = {
    ...evaluation,
    labels: {
      ...labels,
      generatedTokens: stages.find(({ name }) => name === 'rollouts')?.generatedTokens ?? 0,
    },
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
  await writeJson(join(run.folder, 'report.json'), report);
  return report;
}

const round = (value: number): number => Math.round(value * 100) / 100;
