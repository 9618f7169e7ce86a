/** Stepwise labels with their transforms, and how many of them are true where the truth is known. */
import { join } from 'node:path';
import { questionsOf } from '../../dataset/index.js';
import { percent } from '../../evaluate/index.js';
import { writeJson, writeJsonl } from '../../files/index.js';
import { labelSamples } from '../../label/index.js';
import { readProblems, readRollouts, readSamples, samplesToLabel } from '../records.js';
import { labelSummary } from './truth.js';
import type { Work } from './work.js';

export const labels: Work = async (run, context) => {
  const problems = await readProblems(run, 'train');
  const drafts = await readSamples(run, questionsOf(problems));
  const { wrong, right } = samplesToLabel(run, drafts);
  const samples = [...wrong, ...right];
  const labelled = labelSamples(samples, await readRollouts(run, wrong), run.recipe.labels);
  await writeJsonl(join(context.folder, 'labels.jsonl'), labelled);
  const summary = labelSummary(labelled, samples, problems);
  await writeJson(join(context.folder, 'summary.json'), summary);
  const known = summary.accuracy === null ? '' : `, ${percent(summary.accuracy)} as the truth`;
  context.progress.done(`${summary.labels} labels, ${percent(summary.positive)} positive${known}`);
  return {};
};
