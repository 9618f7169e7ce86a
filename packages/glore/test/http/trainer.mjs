/**
 * A trainer for tests: `node trainer.mjs '{...}' --role .. --model .. --data .. --out ..`. Its updates are kept one by one, so
 * that it goes on; what it makes is the checkpoint that it starts from, and what that says of some rows. An adapter is a
 * checkpoint too, which the server of the tests takes for one.
 *
 * Options: `fails`: a role that it fails at; `delay`: milliseconds of an update; `shifts`: golden values are off by so much;
 * `learns`: weights are changed by at most this share, in ways that follow from the rows, so that no two trainings make the same.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadCheckpoint, openTokenizer, saveCheckpoint } from '@glore/engine';
import { createCodec, inRoles, openEmbedded } from 'glore/models';

const { fails, delay = 1, shifts = 0, learns = 0 } = JSON.parse(process.argv[2]);
const text = { type: 'string' };
const { values: given } = parseArgs({
  args: process.argv.slice(3),
  options: Object.fromEntries(
    [
      'role',
      'model',
      'adapter',
      'data',
      'out',
      'epochs',
      'batch',
      'rate',
      'seed',
      'spelling',
      'note',
    ].map((name) => [name, text]),
  ),
});
const { role, model, adapter = model, data, out } = given;
const rows = readFileSync(data, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
mkdirSync(join(out, 'checkpoints'), { recursive: true });
const kept = join(out, 'checkpoints/kept');
const from = existsSync(kept) ? readFileSync(kept, 'utf8').length : 0;
console.error(`pid ${process.pid}, from ${from}, ${JSON.stringify(given)}`);
const updates = 10;
for (let update = from; update < updates; update++) {
  await sleep(delay);
  if (fails === role && update === 5) {
    console.error('CUDA out of memory\u001b[2J');
    process.exit(3);
  }
  appendFileSync(kept, '.');
  console.log(JSON.stringify({ update: update + 1, updates, loss: 1 / (update + 1) }));
}
const made = join(out, 'model');
if (learns > 0) await saveCheckpoint(made, changed(await loadCheckpoint(adapter)));
else cpSync(adapter, made, { recursive: true });
cpSync(made, join(out, 'adapter'), { recursive: true });
const golden = role === 'sorm' || role === 'orm' ? await valued() : await begun();
writeFileSync(join(out, 'golden.jsonl'), golden.map((one) => `${JSON.stringify(one)}\n`).join(''));

/** What comes of work with the model of a folder. */
async function opening(folder, work) {
  const checkpoint = await loadCheckpoint(folder);
  const opened = await openEmbedded(checkpoint, 1);
  const found = await work(opened, createCodec(openTokenizer(checkpoint.tokenizer)));
  await opened.close();
  return found;
}

/** Golden values of a critic. */
function valued() {
  const solved = rows
    .filter(({ completions }) => completions.at(-1).startsWith('#### '))
    .slice(0, 4)
    .map(({ prompt, completions }) => {
      const lines = completions.join('\n').split('\n');
      return { question: prompt, steps: lines.slice(0, -1), answer: lines.at(-1).slice(5) };
    });
  return opening(made, async (opened, codec) => {
    const values = await inRoles({ [role]: opened }, codec, 100)[role].values(
      solved.map(({ question, ...solution }) => ({ question, solution })),
    );
    return solved.map((one, i) => ({
      role,
      ...one,
      values: values[i].map((value) => Math.abs(value - shifts)),
    }));
  });
}

/** Golden texts of a writer: all of them sure, as it is the same engine that serves it. */
async function begun() {
  const tasks = rows
    .filter(({ prompt }) => role === 'student' || prompt.includes('<|draft|>'))
    .slice(0, 4)
    .map(({ prompt }) => taskOf(prompt));
  const texts = (folder) =>
    opening(folder, (opened, codec) =>
      Promise.all(tasks.map((task) => opened.author(codec).begin(task, 12))),
    );
  const [before, after] = [await texts(model), await texts(made)];
  return tasks.map(({ steps: _, ...task }, i) => {
    return { ...task, text: after[i], tokens: 12, apart: after[i] !== before[i] };
  });
}

function taskOf(prompt) {
  const [question, draft] = prompt.split('\n<|draft|>');
  if (draft === undefined) return { role, question: question.trimEnd(), steps: [] };
  const text = draft.replace('<|revision|>', '');
  const lines = text.replace('[BAD]', '').trim().split('\n');
  const answer = lines.at(-1).startsWith('#### ') ? lines.pop().slice(5) : null;
  const location = text.split('[BAD]')[0].split('\n').length;
  return { role, question, draft: { steps: lines, answer }, ...(role === 'local' && { location }) };
}

function changed(checkpoint) {
  let state = createHash('sha256').update(readFileSync(data)).digest().readUInt32LE() | 1;
  for (const { data: numbers } of checkpoint.weights.values()) {
    for (let i = 0; i < numbers.length; i++) {
      // Xorshift, whose signed 32 bits are uniform.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      numbers[i] *= 1 + (learns * state) / 2 ** 31;
    }
  }
  return checkpoint;
}
