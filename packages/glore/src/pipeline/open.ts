/** A finished run's five models, ready to refine. */
import type { Codec } from '../codec/index.js';
import { type Roles, roleNames } from '../model/index.js';
import type { RefineOptions } from '../refine/index.js';
import type { Run } from './context.js';
import { type FinishedRun, readRun } from './finished.js';
import { openModels, rolesOf } from './models.js';
import type { Report } from './report.js';

export interface OpenRunOptions {
  /** Threads of each model of this process: so many calls of `refine` keep them busy. 1 if left out. */
  readonly workers?: number;
  /** Once aborted, servers are asked nothing more. */
  readonly signal?: AbortSignal;
  /** Told what servers are waited for. */
  readonly note?: (text: string) => void;
}

/** The models of a run and what it has fitted for them. */
export interface OpenRun {
  readonly roles: Roles;
  /** As the run has measured it: every draft is refined, at the thresholds fitted on its dev problems. */
  readonly options: RefineOptions;
  /** How questions and solutions become the models' tokens. */
  readonly codec: Codec;
  readonly recipe: Run['recipe'];
  readonly report: Report;
  close(): Promise<void>;
}

/**
 * Opens the models of a finished run, trained in its folder or served where its recipe says.
 *
 * @throws GloreError `run-missing`, `run-unfinished`; for served models `endpoint-key` and others of `endpoint-`
 */
export async function openRun(folder: string, options?: OpenRunOptions): Promise<OpenRun> {
  return openFinished(await readRun(folder), options);
}

/** As `openRun`, of a run that is read already. */
export async function openFinished(
  { run, report }: FinishedRun,
  { workers = 1, ...waiting }: OpenRunOptions = {},
): Promise<OpenRun> {
  const own: Run = { ...run, recipe: { ...run.recipe, workers } };
  const { models, close } = await openModels(own, roleNames, waiting);
  const { gate, locate } = report.thresholds;
  return {
    roles: rolesOf(own, models),
    options: { mode: 'rerank', threshold: locate.sorm, tau: gate },
    codec: run.codec,
    recipe: run.recipe,
    report,
    close,
  };
}
