/**
 * The control of `rerank`: what a finished run's student becomes on the right samples that the run's refiners learn from, with
 * the run's ORM choosing of three, on the same test problems. Prints one table.
 *
 *   npm run bench:control -- --run runs/tiny --epochs 2 --rate 4e-4
 *
 * The trained student goes to a folder that is made for it and removed. `--seed` is of the training's order and of the samples.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCheckpoint } from '@glore/engine';
import { z } from 'zod';
import { studentExample } from '../../packages/glore/dist/dataset/index.js';
import {
  attempt,
  interval,
  mcnemar,
  percent,
  sum,
  wilson,
} from '../../packages/glore/dist/evaluate/index.js';
import { recordsOf } from '../../packages/glore/dist/evaluate/records.js';
import { mean } from '../../packages/glore/dist/evaluate/statistics.js';
import { among, byOrm, reranked } from '../../packages/glore/dist/evaluate/ways/choice.js';
import { readJsonl } from '../../packages/glore/dist/files/index.js';
import { readRun } from '../../packages/glore/dist/pipeline/index.js';
import { readRole, rolesOf, withModels } from '../../packages/glore/dist/pipeline/models.js';
import { readProblems, readSet } from '../../packages/glore/dist/pipeline/records.js';
import { examplesOf, trainModel } from '../../packages/glore/dist/pipeline/training.js';
import { terminalReporter } from '../../packages/glore/dist/run/index.js';
import { table } from '../table.mjs';

const { values } = parseArgs({
  options: {
    run: { type: 'string', default: 'runs/tiny' },
    epochs: { type: 'string', default: '2' },
    rate: { type: 'string', default: '4e-4' },
    batch: { type: 'string', default: '16' },
    samples: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
const AT_ONCE = 50;
const { run } = await readRun(values.run);
const { recipe, codec } = run;
const evaluated = (name) => readJsonl(join(values.run, `evaluation/test.${name}.jsonl`), z.any());
const problems = recordsOf(await evaluated('attempts'), await evaluated('refinements'));
const folder = await mkdtemp(join(tmpdir(), 'control-'));
const progress = terminalReporter(process.stderr).stage('control');
try {
  const right = await readSet(run, 'plain');
  const model = join(folder, 'model');
  const tokens = await trainModel(
    { ...run, recipe: { ...recipe, seed: `control/${values.seed}` } },
    { folder, progress, count: () => {} },
    {
      name: 'student',
      start: await readRole(run, 'student'),
      examples: examplesOf(codec, right, studentExample),
      training: {
        epochs: Number(values.epochs),
        batch: Number(values.batch),
        rate: Number(values.rate),
      },
      model,
    },
  );
  const tests = (await readProblems(run, 'test')).slice(0, recipe.evaluation.problems);
  const attempts = [];
  progress.total(tests.length, 'problems');
  await withModels(
    run,
    ['student', 'orm', 'sorm'],
    async (models) => {
      const roles = rolesOf(run, models);
      for (let from = 0; from < tests.length; from += AT_ONCE) {
        const unit = tests.slice(from, from + AT_ONCE);
        const { temperature } = recipe.evaluation;
        const samples = Number(values.samples);
        const seed = `control/${values.seed}`;
        attempts.push(...(await attempt(roles, unit, { samples, temperature, seed })));
        progress.advance(unit.length);
      }
    },
    { checkpoints: { student: await loadCheckpoint(model) } },
  );
  progress.done();

  const rerank = problems.map((problem) => reranked(problem, ['draft', 'global', 'local']));
  const rows = {
    'the run: draft': problems.map(({ attempts: { draft } }) => draft),
    'the run: rerank': rerank,
    'trained on: greedy': attempts.map(({ draft }) => draft),
    [`trained on: best of ${values.samples}`]: attempts.map((one) =>
      among({ attempts: one }, one.samples, byOrm),
    ),
  };
  const rights = (answers) => answers.map(({ right }) => right);
  console.log(
    `\n${right.length} right samples, ${values.epochs} epochs at ${values.rate}, batch ${values.batch}, seed ${values.seed}: ${tokens} tokens learned from\n`,
  );
  console.log(
    table(
      ['row', 'accuracy', '95% interval', 'tokens/problem', 'rerank less this, p'],
      Object.entries(rows).map(([name, answers]) => {
        const { low, high } = wilson(sum(rights(answers).map(Number)), answers.length);
        const { aOnly, bOnly, p } = mcnemar(rights(rerank), rights(answers));
        return [
          name,
          percent(mean(rights(answers).map(Number))),
          interval(low, high),
          mean(answers.map((answer) => answer.tokens)).toFixed(0),
          answers === rerank
            ? ''
            : `${percent((aOnly - bOnly) / answers.length)}, p = ${p.toPrecision(2)}`,
        ];
      }),
    ),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
