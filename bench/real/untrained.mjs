/**
 * The control of the table with training: what the same model answers to the same test problems untrained, asked in its own
 * chat with the prompt that glore ships for a student, greedily, in 8 bits as there.
 *
 *   node bench/real/untrained.mjs            after trained.mjs has made the base and the problems
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadCheckpoint, Model, openTokenizer } from '@glore/engine';
import { judge } from 'glore/problems';
import { parse } from 'yaml';
import { readRecipe } from '../../packages/glore/dist/recipe/index.js';
import { writePage } from './page.mjs';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: join(homedir(), '.cache/glore-real') },
    tokens: { type: 'string', default: '320' },
  },
});
const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const recipe = readRecipe(join(values.folder, 'real-small.yaml'));
const problems = readFileSync(join(values.folder, 'runs/trained/problems/test.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));
const { prompt } = parse(readFileSync(at('../../packages/glore/prompts/student.yaml'), 'utf8'));
const checkpoint = await loadCheckpoint(recipe.base);
const { encode, decode, id } = openTokenizer(checkpoint.tokenizer);
const model = await Model.open(checkpoint, { workers: recipe.workers, bits: recipe.bits });
const end = [id('<|im_end|>'), id('<|endoftext|>')];

/** What its chat template makes of one message. */
const asked = ({ question }) =>
  encode(
    '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' +
      `<|im_start|>user\n${prompt.replace('{question}', question)}<|im_end|>\n<|im_start|>assistant\n`,
  );

const size = 50;
const answers = [];
const parts = [];
for (let first = 0; first < problems.length; first += size) {
  parts.push(problems.slice(first, first + size));
}
await Promise.all(
  parts.map(async (part, i) => {
    const contexts = part.map((problem) => {
      const tokens = asked(problem);
      return { tokens, branches: [{ length: tokens.length, seed: 1 }] };
    });
    const { completions } = await model.generate({
      contexts,
      maxTokens: Number(values.tokens),
      temperature: 0,
      stop: end,
    });
    answers[i] = completions.map(([{ tokens }], k) => {
      const text = decode(tokens.filter((token) => !end.includes(token)));
      const judged = judge({ gold: part[k].answer, text });
      return {
        problem: part[k].id,
        right: judged.right,
        answered: judged.extracted !== undefined,
        tokens: tokens.length,
        text,
      };
    });
    console.error(`${answers.flat().length} of ${problems.length}`);
  }),
);
await model.close();
const all = answers.flat();
const count = (of) => all.filter(of).length;
const found = {
  problems: all.length,
  right: count(({ right }) => right),
  answered: count(({ answered }) => answered),
  tokens: all.reduce((sum, { tokens }) => sum + tokens, 0) / all.length,
};
writeFileSync(at('results/untrained.json'), `${JSON.stringify(found)}\n`);
writeFileSync(
  join(values.folder, 'untrained.jsonl'),
  `${all.map((one) => JSON.stringify(one)).join('\n')}\n`,
);
console.log(found);
writePage();
