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
if (role === 'sorm' || role === 'orm') {
  const checkpoint = await loadCheckpoint(made);
  const opened = await openEmbedded(checkpoint, 1);
  const roles = inRoles({ [role]: opened }, createCodec(openTokenizer(checkpoint.tokenizer)), 100);
  const solved = rows
    .filter(({ completions }) => completions.at(-1).startsWith('#### '))
    .slice(0, 4)
    .map(({ prompt, completions }) => {
      const lines = completions.join('\n').split('\n');
      return { question: prompt, steps: lines.slice(0, -1), answer: lines.at(-1).slice(5) };
    });
  const values = await roles[role].values(
    solved.map(({ question, ...solution }) => ({ question, solution })),
  );
  const golden = solved.map((one, i) => ({
    role,
    ...one,
    values: values[i].map((value) => Math.abs(value - shifts)),
  }));
  writeFileSync(
    join(out, 'golden.jsonl'),
    golden.map((one) => `${JSON.stringify(one)}\n`).join(''),
  );
  await opened.close();
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
