/**
 * Adaptive rollouts against brute force on the same samples of the same student: tokens, time, labels, and the local
 * pairs that can be cut from what is left. Prints two tables.
 *
 *   npm run bench:labels -- --run runs/tiny --problems 200
 *
 * The student is the run's; without a run it is the base, and the recipe is recipes/tiny.yaml. `--again` draws brute
 * force a second time from other seeds: as well as it agrees with itself, nothing can agree with it better.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { z } from 'zod';
import { createCodec, firstErrorOf } from '../../packages/glore/dist/codec/index.js';
import { localRecords, questionsOf } from '../../packages/glore/dist/dataset/index.js';
import { prefixTruth } from '../../packages/glore/dist/evaluate/index.js';
import { readJson } from '../../packages/glore/dist/files/index.js';
import { chooseSamples, labelSamples, verifies } from '../../packages/glore/dist/label/index.js';
import { openEmbedded, Student } from '../../packages/glore/dist/model/index.js';
import { generateProblems } from '../../packages/glore/dist/problem/index.js';
import { readRecipe } from '../../packages/glore/dist/recipe/index.js';
import {
  adaptiveRollouts,
  alsoRollouts,
  byProblem,
  learnedFrom,
  rolloutsFrom,
  sampleSolutions,
} from '../../packages/glore/dist/rollout/index.js';
import { table } from '../table.mjs';

const { values } = parseArgs({
  options: {
    run: { type: 'string' },
    problems: { type: 'string', default: '100' },
    workers: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
  },
});
const PROBLEMS_PER_UNIT = 16;
const root = join(import.meta.dirname, '../..');
const recipe = values.run
  ? await readJson(join(values.run, 'recipe.json'), z.any())
  : readRecipe(join(root, 'recipes/tiny.yaml'));
if (recipe.problems.source !== 'world') {
  throw new Error(`${values.run}: expected a run on the built-in world, whose steps have a truth`);
}
const { drafts, rollouts, labels, localPairs } = recipe;
const checkpoint = await loadCheckpoint(
  values.run ? join(values.run, 'student/model') : recipe.base,
);
const workers = Number(values.workers);
const model = await openEmbedded(checkpoint, workers);
const student = new Student(
  model.author(createCodec(openTokenizer(checkpoint.tokenizer))),
  recipe.maxTokens,
);

// Problems that no stage of a run has: an offset of its own.
const problems = generateProblems({
  split: 'train',
  count: Number(values.problems),
  seed: recipe.seed * 1000 + 99,
  settings: recipe.problems.settings,
});
const byId = new Map(problems.map((problem) => [problem.id, problem]));

/** Works through lists in pieces, `workers` at once; the results in order, and the seconds. */
async function inUnits(list, size, work) {
  const units = Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
  const results = [];
  const queue = units.entries();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (const [i, unit] of queue) results[i] = await work(unit);
    }),
  );
  return { found: results.flat(), seconds: (performance.now() - start) / 1000 };
}

const { found: sampled } = await inUnits(problems, 64, (unit) =>
  sampleSolutions(student, unit, { ...drafts, count: drafts.samples, seed: 'drafts' }),
);
const samples = learnedFrom(sampled, drafts.samples);
// As in a run, wrong samples are labelled where the student has solved the problem.
const { wrong } = chooseSamples(samples, { most: Infinity, seed: 'labelled' });
const groups = [...byProblem(wrong).values()];

/** All rollouts by one method, and the labels that follow. */
async function labelledBy(collector) {
  const { found: records, seconds } = await inUnits(groups, PROBLEMS_PER_UNIT, (unit) =>
    collector(unit.flat().map((sample) => ({ problem: byId.get(sample.problem), sample }))),
  );
  const labelsWith = (propagation) =>
    labelSamples(wrong, records, { propagation, consistency: labels.consistency });
  const [verified, labelled] = [labelsWith(false), labelsWith(true)];
  const pairs = localRecords(labelled, records, samples, questionsOf(problems), {
    perSample: localPairs,
    seed: 'local',
  });
  return {
    seconds,
    labels: labelled.map((item) => item.labels),
    broken: verified.filter((item, i) => String(item.labels) !== String(labelled[i].labels)).length,
    tokens: records.reduce((sum, { tokens }) => sum + tokens, 0),
    pairs: pairs.length,
    targets: new Set(pairs.map(({ target }) => JSON.stringify(target))).size,
  };
}

const options = {
  count: rollouts.count,
  temperature: rollouts.temperature,
  seed: 'rollouts',
  drafts: alsoRollouts(samples, {
    sampledAt: drafts.temperature,
    temperature: rollouts.temperature,
  }),
};
const brute = (seed) => (items) => rolloutsFrom(student, items, { ...options, seed });
const adaptive = (items) =>
  adaptiveRollouts(student, items, {
    ...options,
    verifies: (prefix, trace) => verifies(prefix, trace, labels.consistency),
  });

const truth = wrong.map((sample) => prefixTruth(byId.get(sample.problem), sample.steps));
const share = (part, whole) => `${((100 * part) / Math.max(1, whole)).toFixed(1)}%`;
/** Labels, and flips, that two sets have in common. */
function agreement(a, b) {
  const flat = a.flatMap((row, i) => row.map((label, k) => label === b[i][k]));
  return [
    share(flat.filter(Boolean).length, flat.length),
    share(a.filter((row, i) => firstErrorOf(row) === firstErrorOf(b[i])).length, a.length),
  ];
}

const right = samples.filter((sample) => sample.right).length;
const steps = truth.flat().length;
console.log(
  `${problems.length} problems, ${samples.length} samples (${share(right, samples.length)} right), ${wrong.length} wrong ones with ${steps} steps; K = ${rollouts.count}\n`,
);
const reference = await labelledBy(brute('rollouts'));
const ours = await labelledBy(adaptive);
const sides = [
  ['brute force', reference],
  ['adaptive', ours],
  ...(values.again ? [['brute force, other seeds', await labelledBy(brute('again'))]] : []),
];
await model.close();

console.log(
  table(
    [
      'rollouts',
      'tokens/sample',
      'seconds',
      'labels as the truth',
      'flips as the truth',
      'local pairs',
      'distinct targets',
    ],
    sides.map(([name, side]) => [
      name,
      (side.tokens / wrong.length).toFixed(0),
      side.seconds.toFixed(1),
      ...agreement(side.labels, truth),
      String(side.pairs),
      String(side.targets),
    ]),
  ),
);
console.log(
  `\n${table(
    ['against brute force', 'tokens', 'time', 'equal labels', 'equal flips'],
    sides
      .slice(1)
      .map(([name, side]) => [
        name,
        `${(reference.tokens / side.tokens).toFixed(2)} x fewer`,
        `${(reference.seconds / side.seconds).toFixed(2)} x`,
        ...agreement(side.labels, reference.labels),
      ]),
  )}`,
);
console.log(
  `\nOf ${wrong.length} samples ${reference.broken} have a verifying prefix after a failing one by brute force.`,
);
