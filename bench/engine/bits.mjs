/**
 * A model in 8 bits against the same in 32: how fast it samples, scores and learns an adapter, in turns, and how far its
 * log-probabilities are from those of 32 bits.
 *
 *   node bench/engine/bits.mjs --model FOLDER --texts FILE.jsonl       questions and steps as trained.mjs writes them
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  adapterModules,
  initialAdapter,
  loadCheckpoint,
  Model,
  nextTokenExample,
  openTokenizer,
  Trainer,
} from '@glore/engine';
import { table } from '../table.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    texts: { type: 'string' },
    problems: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '3' },
    layers: { type: 'string', default: '12' },
  },
});
if (!values.model || !values.texts) {
  console.error('--model and --texts: expected a Hugging Face folder and a file of problems');
  process.exit(2);
}
const problems = Number(values.problems);
const checkpoint = await loadCheckpoint(values.model);
const tokenizer = openTokenizer(checkpoint.tokenizer);
const texts = readFileSync(values.texts, 'utf8')
  .split('\n')
  .slice(0, problems)
  .map((line) => JSON.parse(line))
  .map(({ question, steps, answer }) => ({
    question: tokenizer.encode(`${question}\n`),
    whole: tokenizer.encode([question, ...steps, answer].join('\n')),
  }));

const ways = [32, 8];
const models = await Promise.all(ways.map((bits) => Model.open(checkpoint, { workers: 2, bits })));
const layers = [...Array(checkpoint.config.layers).keys()].slice(-Number(values.layers));
const adapter = () =>
  initialAdapter(checkpoint.config, { rank: 8, alpha: 16, modules: adapterModules, layers }, 1);
const trainers = await Promise.all(
  ways.map((bits) => Trainer.open({ ...checkpoint, adapter: adapter() }, { workers: 2, bits })),
);

const halves = [texts.slice(0, texts.length / 2), texts.slice(texts.length / 2)];
const work = {
  'samples, tokens/s': async (i) => {
    const results = await Promise.all(
      halves.map((half, worker) =>
        models[i].generate({
          contexts: half.map(({ question }, k) => ({
            tokens: question,
            branches: Array.from({ length: 8 }, (_, seed) => ({
              length: question.length,
              seed: 1000 * worker + 8 * k + seed,
            })),
          })),
          maxTokens: 48,
          temperature: 0.7,
          stop: [],
        }),
      ),
    );
    return results
      .flatMap(({ completions }) => completions.flat())
      .reduce((sum, { tokens }) => sum + tokens.length, 0);
  },
  'scores, tokens/s': async (i) => {
    await Promise.all(halves.map((half) => models[i].score(scored(half))));
    return texts.reduce((sum, { whole }) => sum + whole.length, 0);
  },
  'learning, tokens/s': async (i) => {
    const batch = texts.map(({ whole, question }) => nextTokenExample(whole, question.length));
    await trainers[i].step(batch, 1e-4);
    return texts.reduce((sum, { whole }) => sum + whole.length, 0);
  },
};
const rows = [];
for (const [name, run] of Object.entries(work)) {
  const rates = ways.map(() => []);
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const i of ways.keys()) {
      const began = performance.now();
      const tokens = await run(i);
      if (round >= 0) rates[i].push((1000 * tokens) / (performance.now() - began));
    }
  }
  const [wide, narrow] = rates.map((list) => list.toSorted((a, b) => a - b)[list.length >> 1]);
  rows.push([name, wide.toFixed(0), narrow.toFixed(0), (narrow / wide).toFixed(2)]);
  console.error(rows.at(-1).join('  '));
}
console.log(table(['', '32 bits', '8 bits', 'times as fast'], rows));

/** Of what follows the question. */
function scored(list) {
  return {
    items: list.map(({ whole, question }) => ({
      tokens: whole,
      positions: whole.map((_, i) => i).slice(question.length - 1, -1),
    })),
    labels: 'next',
  };
}
const [exact, near] = (await Promise.all(models.map((model) => model.score(scored(texts))))).map(
  (scores) => scores.flat(2),
);
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const apart = exact.map((value, i) => Math.abs(Math.exp(value) - Math.exp(near[i])));
const at = (share) => apart.toSorted((a, b) => a - b)[Math.floor(share * (apart.length - 1))];
console.log(
  `\nLog-probability of ${exact.length} tokens of worked solutions: ${mean(exact).toFixed(4)} with 32 bits, ${mean(near).toFixed(4)} with 8.\n` +
    `Their probabilities are ${mean(apart).toFixed(4)} apart on average, ${at(0.5).toFixed(4)} half of them, ${at(0.99).toFixed(4)} at 99%.`,
);
await Promise.all([...models, ...trainers].map((one) => one.close()));
