/** `results.json`: every figure of a study's page, for programs. */
import { type Estimate, estimate, type Figure, headroom } from './figures.js';
import type { MeasuredCritic } from './measured.js';
import type { MeasuredStudy } from './page/index.js';
import { folderOf } from './study.js';

/** The figure with its interval and its value on each seed. */
const figure = (found: Estimate | undefined) =>
  found && {
    value: found.value,
    interval: [found.low, found.high],
    bySeed: found.bySeed,
  };

/** A critic has no figure where it is not measured. */
const criticJson = (name: string, { critic, reports, ...found }: MeasuredCritic) => ({
  name,
  ...Object.fromEntries(Object.entries(found).map(([what, one]) => [what, figure(one)])),
});

export function resultsJson({
  study,
  results,
  view,
  rows,
  pairs,
  refiners,
  critics,
  targets,
}: MeasuredStudy) {
  const { main } = view;
  const of = (one: Figure) => figure(estimate(main.reports, one));
  return {
    study: study.path,
    seeds: study.seeds,
    problems: main.reports[0]?.problems ?? 0,
    runs: results.map(({ run, finished }) => ({
      name: run.variant,
      seed: run.seed,
      folder: folderOf(study.name, run.variant, run.seed),
      finished: finished !== undefined,
      ...(finished && {
        fingerprint: finished.record.fingerprint,
        stages: finished.record.stages,
        machine: finished.report?.machine,
      }),
    })),
    rows: rows.map(({ name, meaning, accuracy, generatedTokens, processedTokens, seconds }) => ({
      name,
      meaning,
      accuracy: accuracy.value,
      interval: [accuracy.low, accuracy.high],
      bySeed: accuracy.bySeed,
      tokens: generatedTokens,
      processedTokens,
      seconds,
    })),
    comparisons: pairs.map(({ a, b, difference: { value, low, high, bySeed, p } }) => ({
      name: `${a} - ${b}`,
      difference: value,
      interval: [low, high],
      bySeed,
      p: p ?? null,
    })),
    refiners: refiners.map(({ name, ...effects }) => ({
      name,
      ...Object.fromEntries(Object.entries(effects).map(([what, found]) => [what, figure(found)])),
    })),
    headroom: { rerank: of(headroom('rerank')), 'rerank-both': of(headroom('rerank-both')) },
    critics: [
      criticJson('orm', critics.orm),
      criticJson('sorm', critics.sorm),
      ...critics.others.map(({ of, ...other }) => criticJson(`orm of ${of}`, other)),
    ],
    targets: targets.map(({ what, found, interval, p, target, met }) => ({
      what,
      found,
      interval,
      p,
      target,
      met: met ?? null,
    })),
  };
}
