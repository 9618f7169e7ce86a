/** Cuts the training sets of the SORM and the refiners from samples, rollouts and labels. */
import { join } from 'node:path';
import {
  correctRecords,
  distance,
  globalRecords,
  localRecords,
  sormRecords,
} from '../../dataset/index.js';
import { writeJson, writeJsonl } from '../../files/index.js';
import {
  readLabels,
  readQuestions,
  readRollouts,
  readSamples,
  samplesToLabel,
} from '../records.js';
import { checkSets } from './enough.js';
import type { Work } from './work.js';

export const datasets: Work = async (run, context) => {
  const { seed, labels: transforms, localPairs, localDrafts, pairing, kept } = run.recipe;
  const questions = await readQuestions(run, 'train');
  const samples = await readSamples(run, questions);
  const { wrong } = samplesToLabel(run, samples);
  const labelled = await readLabels(run, samples);
  const sets = {
    sorm: sormRecords(labelled, samples, questions, {
      balanced: transforms.balance,
      seed: `${seed}/sorm`,
    }),
    global: globalRecords(samples, questions, { pairing, kept, seed: `${seed}/global` }),
    local: localRecords(labelled, await readRollouts(run, wrong), samples, questions, {
      perSample: localPairs,
      drafts: localDrafts,
      seed: `${seed}/local`,
    }),
    plain: correctRecords(samples, questions),
  };
  for (const [name, records] of Object.entries(sets)) {
    await writeJsonl(join(context.folder, `${name}.jsonl`), records);
  }
  const sizes = Object.entries(sets).map(([name, records]) => [name, records.length] as const);
  const lines = sets.global.reduce((sum, { draft, target }) => sum + distance(draft, target), 0);
  await writeJson(join(context.folder, 'summary.json'), {
    ...Object.fromEntries(sizes),
    globalEditDistance: lines / Math.max(1, sets.global.length),
  });
  checkSets(run, {
    sorm: sets.sorm.length,
    global: sets.global.length,
    local: sets.local.length,
  });
  context.progress.done(sizes.map(([name, size]) => `${name} ${size}`).join(', '));
  return {};
};
