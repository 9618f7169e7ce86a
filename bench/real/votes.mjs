/**
 * Whether solutions that vote are worth refining: of the first test problems of a table that is made, each of the first samples is
 * refined globally, and votes of samples and refinements are compared with votes of more samples. `table.mjs --votes N` runs it,
 * with its servers: `node votes.mjs <recipe> <run> <problems> <out.json>`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mcnemar } from '../../packages/glore/dist/evaluate/statistics.js';
import { answerKeys, majority } from '../../packages/glore/dist/evaluate/vote.js';
import { openRunFolder, rolesOf, withModels } from '../../packages/glore/dist/pipeline/index.js';
import { readRecipe } from '../../packages/glore/dist/recipe/index.js';
import { isRight } from '../../packages/glore/dist/rollout/index.js';

/** Samples of a problem that are refined. */
const REFINED = 4;

const [recipe, folder, problems, out] = process.argv.slice(2);
const linesOf = (file) =>
  readFileSync(join(folder, file), 'utf8')
    .trim()
    .split('\n')
    .slice(0, Number(problems))
    .map((line) => JSON.parse(line));
const attempts = linesOf('evaluation/test.attempts.jsonl');
const questions = linesOf('problems/test.jsonl');
const run = await openRunFolder(folder, readRecipe(recipe));
const items = await withModels(run, ['global'], async (models) => {
  const { global } = rolesOf(run, models);
  const refined = async ({ samples }, i) => {
    const { question } = questions[i];
    const drafts = samples.slice(0, REFINED);
    const written = await global.refine(
      drafts.map(({ steps, answer }) => ({ question, draft: { steps, answer } })),
    );
    const refinements = written.map(({ answer, tokens }) => ({
      answer,
      right: isRight(questions[i], answer),
      tokens,
    }));
    return { prompt: run.codec.prompt(question).length, samples, refinements };
  };
  return Promise.all(attempts.map(refined));
});

const tokensOf = (list) => list.reduce((sum, { tokens }) => sum + tokens, 0);
const mean = (of) => items.reduce((sum, item) => sum + of(item), 0) / items.length;
const voted = (list) =>
  list[
    majority(
      list.map(({ answer }) => answer),
      answerKeys(),
    )
  ].right;
const row = (name, samples, refined, votersOf) => {
  const written = (item) =>
    tokensOf(item.samples.slice(0, samples)) + tokensOf(item.refinements.slice(0, refined));
  return {
    name,
    right: items.map((item) => voted(votersOf(item))),
    generated: mean(written),
    // A refiner reads the question and the sample anew.
    processed: mean(
      (item) =>
        item.prompt * (1 + refined) + written(item) + tokensOf(item.samples.slice(0, refined)),
    ),
  };
};
const counts = Array.from({ length: REFINED }, (_, i) => i + 1);
const rows = [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((k) =>
    row(`majority@${k}`, k, 0, ({ samples }) => samples.slice(0, k)),
  ),
  ...counts.map((k) => row(`${k} refined`, k, k, ({ refinements }) => refinements.slice(0, k))),
  ...counts.map((k) =>
    row(`${k} samples, ${k} refined`, k, k, ({ samples, refinements }) => [
      ...refinements.slice(0, k),
      ...samples.slice(0, k),
    ]),
  ),
];
const flagsOf = (wanted) => rows.find(({ name }) => name === wanted).right;
const refinedOf = items.flatMap(({ samples, refinements }) =>
  refinements.map(({ right }, k) => ({ before: samples[k].right, after: right })),
);
const count = (test) => refinedOf.filter(test).length;
const result = {
  problems: items.length,
  wrong: count(({ before }) => !before),
  fixed: count(({ before, after }) => !before && after),
  right: count(({ before }) => before),
  broken: count(({ before, after }) => before && !after),
  rows: rows.map(({ right, ...rest }) => ({
    ...rest,
    accuracy: right.filter(Boolean).length / items.length,
  })),
  pairs: [
    ['4 refined', 'majority@8'],
    ['4 samples, 4 refined', 'majority@8'],
    ['3 samples, 3 refined', 'majority@6'],
  ].map(([a, b]) => ({ a, b, ...mcnemar(flagsOf(a), flagsOf(b)) })),
};
writeFileSync(out, `${JSON.stringify(result, undefined, 1)}\n`);
console.log(JSON.stringify(result.rows, undefined, 1));
