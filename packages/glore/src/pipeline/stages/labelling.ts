/** Stepwise labels, and the training sets cut from samples, rollouts and labels. */
import { join } from 'node:path';
import { firstErrorOf } from '../../codec/index.js';
import {
  distance,
  globalRecords,
  localRecords,
  sampleKey,
  sormRecords,
} from '../../dataset/index.js';
import { percent, prefixTruth } from '../../evaluate/index.js';
import { type LabelledSample, propagate, verify } from '../../label/index.js';
import { readJsonl, writeJson, writeJsonl } from '../../run/index.js';
import { pathIn, type Run, readProblems } from '../context.js';
import { correct, questionsOf, readRollouts, readSamples, toLabel, type Work } from './shared.js';

/** Stepwise labels with their transforms, and how many of them are true where the truth is known. */
export const labels: Work = async (run, context) => {
  const { propagation, consistency } = run.recipe.labels;
  const byId = new Map((await readProblems(run, 'train')).map((problem) => [problem.id, problem]));
  const records = new Map(
    (await readRollouts(run)).map((record) => [sampleKey(record.problem, record.sample), record]),
  );
  const { wrong, right } = toLabel(run, await readSamples(run));
  const labelled = [...wrong, ...right].map((sample) => {
    const verified = verify(
      sample,
      records.get(sampleKey(sample.problem, sample.index)),
      consistency,
    );
    return propagation ? { ...verified, labels: propagate(verified.labels) } : verified;
  });
  await writeJsonl(join(context.folder, 'labels.jsonl'), labelled);
  const truth = [...wrong, ...right].map((sample) =>
    prefixTruth(byId.get(sample.problem)!, sample.steps),
  );
  const summary = labelSummary(labelled, truth);
  await writeJson(join(context.folder, 'summary.json'), summary);
  context.progress.done(
    `${summary.labels} labels, ${percent(summary.positive)} positive${summary.accuracy === null ? '' : `, ${percent(summary.accuracy)} as the truth`}`,
  );
  return {};
};

const readLabels = (run: Run) => readJsonl<LabelledSample>(pathIn(run, 'labels', 'labels.jsonl'));

export interface LabelSummary {
  readonly labels: number;
  readonly positive: number;
  /** Share of labels equal to the truth; of the labels of wrong samples alone, which rollouts decide; null if unknown. */
  readonly accuracy: number | null;
  readonly accuracyOfWrong: number | null;
  /** Share of wrong samples whose flip is the true first error. */
  readonly firstErrors: number | null;
}

function labelSummary(
  labelled: readonly LabelledSample[],
  truth: readonly (boolean[] | null)[],
): LabelSummary {
  const flat = labelled.flatMap(({ labels, answer }, i) =>
    labels.map((label, k) => ({ label, truth: truth[i]?.[k], wrong: answer !== true })),
  );
  const equal = (list: typeof flat) =>
    list.length === 0 || list.some((item) => item.truth === undefined)
      ? null
      : list.filter((item) => item.label === item.truth).length / list.length;
  const wrong = labelled
    .map((item, i) => ({ item, truth: truth[i] }))
    .filter(({ item }) => item.answer !== true);
  return {
    labels: flat.length,
    positive: flat.filter(({ label }) => label).length / Math.max(1, flat.length),
    accuracy: equal(flat),
    accuracyOfWrong: equal(flat.filter((item) => item.wrong)),
    firstErrors:
      wrong.length === 0 || wrong.some(({ truth: known }) => !known)
        ? null
        : wrong.filter(
            ({ item, truth: known }) => firstErrorOf(item.labels) === firstErrorOf(known!),
          ).length / wrong.length,
  };
}

/** Cuts the training sets of the SORM and the refiners from samples, rollouts and labels. */
export const datasets: Work = async (run, context) => {
  const { seed, labels: transforms, localPairs, pairing } = run.recipe;
  const samples = await readSamples(run);
  const labelled = await readLabels(run);
  const questions = questionsOf(await readProblems(run, 'train'));
  const bySample = new Map(
    samples.map((sample) => [sampleKey(sample.problem, sample.index), sample]),
  );
  const byRollout = new Map(
    (await readRollouts(run)).map((record) => [sampleKey(record.problem, record.sample), record]),
  );
  const sets = {
    sorm: sormRecords(labelled, bySample, questions, {
      balanced: transforms.balance,
      seed: `${seed}/sorm`,
    }),
    global: globalRecords(samples, questions, { pairing, seed: `${seed}/global` }),
    local: localRecords(labelled, byRollout, samples, questions, {
      perSample: localPairs,
      seed: `${seed}/local`,
    }),
    plain: correct(samples, questions),
  };
  for (const [name, records] of Object.entries(sets))
    await writeJsonl(join(context.folder, `${name}.jsonl`), records);
  const pairs = sets.global.map(({ draft, target }) => distance(draft, target));
  await writeJson(join(context.folder, 'summary.json'), {
    ...Object.fromEntries(Object.entries(sets).map(([name, records]) => [name, records.length])),
    globalEditDistance: pairs.reduce((sum, lines) => sum + lines, 0) / Math.max(1, pairs.length),
  });
  context.progress.done(
    Object.entries(sets)
      .map(([name, records]) => `${name} ${records.length}`)
      .join(', '),
  );
  return {};
};
