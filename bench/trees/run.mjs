/**
 * What trees spare on the data of a finished run: training on its sets, batches composed by problem, and scoring samples of
 * each problem, each against the same work on separate sequences, in turns. Prints tokens/s of both and their ratio.
 *
 *   npm run bench:trees -- --run runs/tiny
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { distinctPositions, loadCheckpoint, Model, openTokenizer, Trainer } from '@glore/engine';
import { z } from 'zod';
import { createCodec } from '../../packages/glore/dist/codec/index.js';
import { readJsonl } from '../../packages/glore/dist/files/index.js';
import { byProblem } from '../../packages/glore/dist/rollout/index.js';
import { batches } from '../../packages/glore/dist/train/index.js';
import { table } from '../table.mjs';
import { byGroup, examplesIn, roles } from './sets.mjs';

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    json: { type: 'boolean', default: false },
    run: { type: 'string', default: 'runs/tiny' },
    roles: { type: 'string', default: Object.keys(roles).join() },
    updates: { type: 'string', default: '8' },
    batch: { type: 'string', default: '16' },
    samples: { type: 'string', default: '16' },
    problems: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
  },
});
if (values.help) {
  console.log(`npm run bench:trees -- [options]
  --run ${values.run}       a finished run
  --roles ${values.roles}   whose sets
  --updates 8 --batch 16    in each measurement of training
  --samples 16 --problems 32   scored in each measurement; --samples 0: none
  --rounds 3                of each
  --workers 2               threads
  --json                    the figures of every round`);
  process.exit();
}
const [updates, batch, samples, problems, rounds, workers] = [
  'updates',
  'batch',
  'samples',
  'problems',
  'rounds',
  'workers',
].map((name) => Number(values[name]));
const start = await loadCheckpoint(join(values.run, 'student/model'));
const codec = createCodec(openTokenizer(start.tokenizer));
const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);
const tokensIn = (sequences) => sum(sequences, ({ length }) => length);

/** Seconds and CPU seconds of some work. */
async function timed(work) {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
}

/** The same work on both sides, in turns, after one round that is not counted. */
async function inTurns(sides) {
  const found = { trees: [], separate: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const [side, work] of Object.entries(sides)) {
      const one = await timed(() => work(round));
      if (round > 0) found[side].push(one);
    }
  }
  return found;
}

async function training(role) {
  const all = await examplesIn(values.run, role, codec);
  const order = batches(all, { epochs: 1, batch, together: true }, 'bench');
  const trees = await Trainer.open(start, { workers });
  const separate = await Trainer.open(start, { workers, trees: false });
  const counts = { tokens: 0, computed: 0, separately: 0, distinct: 0 };
  const steps = async (trainer, round) => {
    for (let i = 0; i < updates; i++) {
      const examples = order.batch(((round * updates + i) % order.steps) + 1);
      const report = await trainer.step(examples, 0);
      if (trainer === separate) counts.separately += report.computed;
      else {
        counts.tokens += report.tokens;
        counts.computed += report.computed;
        counts.distinct += distinctPositions(examples.map(({ tokens }) => tokens));
      }
    }
  };
  const found = await inTurns({
    separate: (round) => steps(separate, round),
    trees: (round) => steps(trees, round),
  });
  await Promise.all([trees.close(), separate.close()]);
  const tokens = tokensIn(all.map((one) => one.tokens));
  const distinct = sum(byGroup(all), (group) => distinctPositions(group.map((one) => one.tokens)));
  return { work: `training, ${role}`, found, ...counts, share: distinct / tokens };
}

async function scoring() {
  const questions = new Map(
    (await readJsonl(join(values.run, 'problems/train.jsonl'), z.any())).map(({ id, question }) => [
      id,
      question,
    ]),
  );
  const drafts = await readJsonl(join(values.run, 'drafts/samples.jsonl'), z.any());
  const groups = [...byProblem(drafts).values()].filter(({ length }) => length >= samples);
  const parts = (round) =>
    Array.from({ length: workers }, (_, worker) => {
      const first = ((round * workers + worker) * problems) % Math.max(1, groups.length - problems);
      return groups
        .slice(first, first + problems)
        .flatMap((group) => group.slice(0, samples))
        .map((sample) => {
          const { tokens, tags } = codec.tagged(questions.get(sample.problem), sample);
          return { tokens, positions: tags };
        });
    });
  const labels = [codec.ids.plus, codec.ids.minus];
  const trees = await Model.open(start, { workers });
  const separate = await Model.open(start, { workers, trees: false });
  const counts = { tokens: 0, computed: 0, separately: 0, distinct: 0 };
  const score = (model, round) =>
    Promise.all(
      parts(round).map((items) =>
        model.score({ items, labels }, (computed) => {
          if (model === separate) counts.separately += computed;
          else {
            counts.computed += computed;
            counts.tokens += tokensIn(items.map(({ tokens }) => tokens));
            counts.distinct += distinctPositions(items.map(({ tokens }) => tokens));
          }
        }),
      ),
    );
  const found = await inTurns({
    separate: (round) => score(separate, round),
    trees: (round) => score(trees, round),
  });
  await Promise.all([trees.close(), separate.close()]);
  const work = `scoring, ${samples} samples each`;
  return { work, found, ...counts, share: counts.distinct / counts.tokens };
}

const results = [];
for (const role of values.roles.split(',').filter((name) => name !== 'none')) {
  results.push(await training(role));
}
if (samples > 0) results.push(await scoring());

const ratio = ({ found }, of) => sum(found.separate, of) / sum(found.trees, of);
if (values.json) console.log(JSON.stringify(results, null, 2));
else {
  const rows = results.map((one) => {
    const rate = (side) =>
      (one.tokens * rounds) / (rounds + 1) / sum(one.found[side], (r) => r.seconds);
    return [
      one.work,
      Math.round(rate('separate')).toLocaleString('en'),
      Math.round(rate('trees')).toLocaleString('en'),
      ratio(one, ({ seconds }) => seconds).toFixed(2),
      ratio(one, ({ cpu }) => cpu).toFixed(2),
      (one.tokens / one.distinct).toFixed(2),
      (one.computed / one.distinct).toFixed(3),
      (1 / one.share).toFixed(2),
    ];
  });
  console.log(
    table(
      [
        'work',
        'separate, tokens/s',
        'trees, tokens/s',
        'ratio',
        'of CPU time',
        'tokens / distinct',
        'computed / distinct',
        'in the whole set',
      ],
      rows,
    ),
  );
}
