/**
 * Batches whose examples of one problem come together against batches of any examples: the same examples, updates and
 * seeds, from the same start. Prints what held-out problems say of each, and what it computed.
 *
 *   npm run bench:order -- --run runs/tiny --role sorm --seeds 1,2
 *
 * Reads the training sets and the student of a finished run. Of the held-out problems the loss is that of all their
 * examples; for reward models also the share of (positive, negative) pairs of labelled lines that are ranked rightly, over all
 * and within a problem.
 */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCheckpoint, Model, openTokenizer, rateAt, Trainer } from '@glore/engine';
import { createCodec } from '../../packages/glore/dist/codec/index.js';
import { auc, withinProblemAuc } from '../../packages/glore/dist/evaluate/critic.js';
import { Random } from '../../packages/glore/dist/problem/index.js';
import { batches, scheduleOf } from '../../packages/glore/dist/train/index.js';
import { table } from '../table.mjs';
import { byGroup, examplesIn, roles } from './sets.mjs';

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    run: { type: 'string', default: 'runs/tiny' },
    role: { type: 'string', default: 'sorm' },
    seeds: { type: 'string', default: '1,2' },
    orders: { type: 'string', default: 'any,problem' },
    epochs: { type: 'string', default: '1' },
    problems: { type: 'string' },
    held: { type: 'string', default: '400' },
    batch: { type: 'string', default: '16' },
    rate: { type: 'string', default: '3e-4' },
    out: { type: 'string', default: 'runs/bench-order.jsonl' },
  },
});
if (values.help || !Object.hasOwn(roles, values.role)) {
  console.log(`npm run bench:order -- [options]
  --run ${values.run}       a finished run
  --role sorm            whose set: ${Object.keys(roles)}
  --seeds 1,2            of the order, one training each
  --orders any,problem   of batches: any examples, and those of a problem together
  --epochs 1 --batch 16 --rate 3e-4
  --problems 1000        so many of the set's, with all their examples; all if left out
  --held 400             problems held out, the same ones for every seed
  --out ${values.out}    a line for each training`);
  process.exit(values.help ? 0 : 1);
}
const reward = values.role === 'sorm';
const start = await loadCheckpoint(join(values.run, 'student/model'));
const codec = createCodec(openTokenizer(start.tokenizer));
const all = await examplesIn(values.run, values.role, codec);
const problems = new Random('bench/order').shuffle([...new Set(all.map(({ group }) => group))]);
const count = Number(values.held);
const most = values.problems ? count + Number(values.problems) : undefined;
const [held, taken] = [problems.slice(0, count), problems.slice(count, most)].map(
  (list) => new Set(list),
);
const heldOut = all.filter(({ group }) => held.has(group));
const learned = all.filter(({ group }) => taken.has(group));

/** How labelled lines of the held-out examples are ranked. */
async function ranking(weights) {
  const model = await Model.open({ config: start.config, weights });
  const { plus, minus } = codec.ids;
  const positions = ({ targets }) => [...targets.keys()].filter((t) => targets[t] >= 0);
  const items = heldOut.map((example) => ({
    tokens: example.tokens,
    positions: positions(example),
  }));
  const scores = await model.score({ items, labels: [plus, minus] });
  await model.close();
  const lines = heldOut.flatMap((example, i) =>
    positions(example).map((t, k) => ({
      group: example.group,
      score: scores[i][k][0] - scores[i][k][1],
      right: example.targets[t] === plus,
    })),
  );
  const within = withinProblemAuc(byGroup(lines));
  return {
    auc: auc(
      lines.map(({ score }) => score),
      lines.map(({ right }) => right),
    ),
    within: within.micro,
  };
}

async function train(seed, together) {
  const options = {
    epochs: Number(values.epochs),
    batch: Number(values.batch),
    together,
  };
  const { steps, batch } = batches(learned, options, `bench/${seed}`);
  const schedule = scheduleOf(Number(values.rate), steps);
  const trainer = await Trainer.open(start);
  const began = performance.now();
  let [tokens, computed] = [0, 0];
  for (let step = 1; step <= steps; step++) {
    const report = await trainer.step(batch(step), rateAt(schedule, step));
    tokens += report.tokens;
    computed += report.computed;
    if (step % 100 === 0)
      console.error(`seed ${seed}, order by problem ${together}: ${step} of ${steps}`);
  }
  const seconds = (performance.now() - began) / 1000;
  const weights = trainer.weights();
  const loss = await trainer.loss(heldOut);
  await trainer.close();
  return {
    role: values.role,
    seed,
    together,
    updates: steps,
    tokens,
    computed,
    seconds,
    loss,
    ...(reward && (await ranking(weights))),
  };
}

const results = [];
await mkdir(dirname(values.out), { recursive: true });
for (const seed of values.seeds.split(',')) {
  for (const order of values.orders.split(',')) {
    const result = await train(seed, order === 'problem');
    results.push(result);
    await appendFile(values.out, `${JSON.stringify(result)}\n`);
  }
}
const figure = (value) => (value === undefined ? '' : value.toFixed(4));
console.log(
  table(
    ['seed', 'batches', 'updates', 'computed / tokens', 'held-out loss', 'AUC', 'within problems'],
    results.map((one) => [
      one.seed,
      one.together ? 'by problem' : 'any',
      String(one.updates),
      (one.computed / one.tokens).toFixed(3),
      figure(one.loss),
      figure(one.auc),
      figure(one.within),
    ]),
  ),
);
