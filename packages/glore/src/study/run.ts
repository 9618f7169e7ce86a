/** Does the runs of a study, one after the other; what is done is not done again. */
import {
  type Plan,
  planRun,
  type Report,
  readReport,
  runPipeline,
  type StageName,
} from '../pipeline/index.js';
import { formatSeconds, lockRun, type Reporter } from '../run/index.js';
import { type RunRecord, readRecord, writeRecord } from './record.js';
import { folderOf, MAIN, type Study, type StudyRun } from './study.js';

/** A run with what it would do. */
export interface PlannedRun {
  readonly run: StudyRun;
  readonly plan: Plan;
}

const keyOf = (variant: string, seed: number): string => `${variant}/${seed}`;

/** What each run of a study has to do once those before it are done. */
export async function planStudy({ runs }: Study): Promise<PlannedRun[]> {
  const plans = new Map<string, Plan>();
  const planned: PlannedRun[] = [];
  for (const run of runs) {
    const source = run.against === undefined ? undefined : plans.get(keyOf(run.against, run.seed))!;
    const plan = await planRun(run.recipe, {
      keep: run.keep,
      ...(source && { source }),
      ...(run.until && { until: run.until }),
    });
    plans.set(keyOf(run.variant, run.seed), plan);
    planned.push({ run, plan });
  }
  return planned;
}

/** A finished run of a study. */
export interface Finished {
  readonly record: RunRecord;
  /** Undefined where the run ends before the evaluation. */
  readonly report: Report | undefined;
}

/** A run, finished or not. */
export interface StudyResult extends PlannedRun {
  readonly finished: Finished | undefined;
}

/** What there is of a study. @param folder the folder of its runs */
export async function readResults(study: Study, folder: string): Promise<StudyResult[]> {
  const planned = await planStudy(study);
  return Promise.all(
    planned.map(async ({ run, plan }) => {
      const at = folderOf(folder, run.variant, run.seed);
      const record = await readRecord(at, plan);
      if (!record) return { run, plan, finished: undefined };
      const report = run.until ? undefined : await readReport(at);
      return { run, plan, finished: { record, report } };
    }),
  );
}

/**
 * Does what is missing of a study, and gives all of it. A run that is cut off goes on from there.
 * @param folder the folder of its runs
 */
export async function runStudy(
  study: Study,
  folder: string,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal?: AbortSignal },
): Promise<StudyResult[]> {
  const unlock = await lockRun(folder);
  try {
    const planned = await planStudy(study);
    const results = new Map(
      (await readResults(study, folder)).map((result) => [result.run, result]),
    );
    for (const [i, { run, plan }] of planned.entries()) {
      signal?.throwIfAborted();
      if (results.get(run)!.finished) continue;
      const at = folderOf(folder, run.variant, run.seed);
      const source =
        run.against === undefined ? undefined : folderOf(folder, run.against, run.seed);
      reporter
        .stage('study')
        .note(
          `run ${i + 1} of ${planned.length}: ${run.variant}, seed ${run.seed} (${at})${timeLeft(planned.slice(i), [...results.values()])}`,
        );
      const report = await runPipeline({
        folder: at,
        recipe: run.recipe,
        reporter,
        ...(signal && { signal }),
        ...(run.until && { until: run.until }),
        ...(source && { source: { folder: source, keep: run.keep } }),
      });
      const record = await writeRecord(at, run, plan, source);
      results.set(run, { run, plan, finished: { record, report } });
    }
    return planned.map(({ run }) => results.get(run)!);
  } finally {
    await unlock();
  }
}

/** ", about 1 h 20 min left for this one and those after it", from what their stages have taken elsewhere in the study. */
function timeLeft(left: readonly PlannedRun[], results: readonly StudyResult[]): string {
  const seconds = secondsOf(left, results);
  return seconds === undefined
    ? ''
    : `; about ${formatSeconds(seconds)} left for this and what follows`;
}

/** Seconds that runs will take; undefined while a stage of theirs has not been done anywhere. */
export function secondsOf(
  left: readonly PlannedRun[],
  results: readonly StudyResult[],
): number | undefined {
  const taken = (variant: string, name: StageName): number | undefined => {
    const found = results.flatMap(({ finished, run }) =>
      run.variant === variant
        ? (finished?.record.stages ?? []).filter((stage) => stage.name === name && !stage.taken)
        : [],
    );
    return found.length === 0
      ? undefined
      : found.reduce((sum, stage) => sum + stage.seconds, 0) / found.length;
  };
  let all = 0;
  for (const { run, plan } of left) {
    for (const name of plan.anew) {
      const here = taken(run.variant, name);
      const seconds = here ?? taken(MAIN, name);
      if (seconds === undefined) return undefined;
      // A variant may be evaluated on fewer problems.
      const { problems, evaluation } = run.recipe;
      const { dev, test } = problems;
      const share =
        here === undefined && name === 'evaluation' && test !== undefined
          ? (dev + Math.min(test, evaluation.problems ?? test)) / (dev + test)
          : 1;
      all += share * seconds;
    }
  }
  return all;
}
