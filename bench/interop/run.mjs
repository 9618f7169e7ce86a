/**
 * Checkpoints pass between the engine and transformers in both directions with the same logits and the same greedy
 * text. Needs GLORE_PYTHON. Prints a table; ends with 1 if anything differs.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  configToJson,
  loadCheckpoint,
  Model,
  openTokenizer,
  positionLimit,
  saveCheckpoint,
} from '@glore/engine';
import { logitsOf, relativeError, strongWeights } from '../../packages/engine/dist/golden/index.js';
import { python, startPython } from '../python.mjs';
import { table } from '../table.mjs';
import { configs, text, tokenizer, tokensOf } from './configs.mjs';

const TOLERANCE = 1e-4;
const NEW = 40;

if (!python) {
  console.error('GLORE_PYTHON: expected the path of a Python with torch and transformers');
  process.exit(1);
}

/** One row: what our engine computes from the folder against what transformers computes from it. */
async function compare(reference, folder, checkpoint) {
  const { config, weights } = checkpoint;
  const { encode, decode } = openTokenizer(checkpoint.tokenizer);
  // Scaled positions may differ between short and long sequences.
  const tokens = [20, positionLimit(config) - 8].map((length) =>
    tokensOf(length, config.vocabSize, 3),
  );
  const theirs = await reference.call({ do: 'compute', folder, tokens, text, new: NEW });
  const errors = [];
  for (const [i, sequence] of tokens.entries()) {
    errors.push(relativeError(await logitsOf(config, weights, sequence), theirs.logits[i]));
  }
  const prompt = encode(text);
  const model = await Model.open(checkpoint, { workers: 1, rows: 1 });
  const { completions } = await model.generate({
    contexts: [{ tokens: prompt, branches: [{ length: prompt.length, seed: 0 }] }],
    maxTokens: NEW,
    temperature: 0,
    stop: [config.eosToken],
  });
  await model.close();
  const [{ tokens: greedy }] = completions[0];
  return {
    error: Math.max(...errors),
    sameIds: String(prompt) === String(theirs.prompt),
    sameGreedy: String(greedy) === String(theirs.greedy) && decode(greedy) === theirs.text,
    length: greedy.length,
  };
}

const reference = startPython(new URL('reference.py', import.meta.url));
const work = await mkdtemp(join(tmpdir(), 'glore-interop-'));
const rows = [];
const add = (name, direction, result) => rows.push({ name, direction, ...result });
try {
  const { torch, transformers } = await reference.call({ do: 'versions' });
  console.log(`torch ${torch}, transformers ${transformers}`);

  const ours = (name) => join(work, `ours ${name}`);
  for (const [name, config] of Object.entries(configs)) {
    const checkpoint = { config, weights: strongWeights(config, 1), tokenizer };
    await saveCheckpoint(ours(name), checkpoint);
    add(name, 'ours -> transformers', await compare(reference, ours(name), checkpoint));
  }

  // Kinds of files that transformers writes; every configuration once, the files in turn.
  const files = [
    { dtype: 'float32', shard: '1GB' },
    { dtype: 'float32', shard: '150KB' },
    { dtype: 'float16', shard: '1GB' },
    { dtype: 'bfloat16', shard: '1GB' },
    { dtype: 'bfloat16', shard: '100KB' },
    { dtype: 'float16', shard: '100KB' },
  ];
  for (const [i, [name, config]] of Object.entries(configs).entries()) {
    const folder = join(work, `theirs ${name}`);
    const file = files[i % files.length];
    await reference.call({
      do: 'save',
      folder,
      config: configToJson(config),
      seed: i,
      tokenizer: ours(name),
      ...file,
    });
    const parts = (await readdir(folder)).filter((entry) => entry.endsWith('.safetensors')).length;
    if (parts > 1 !== (file.shard !== '1GB')) throw new Error(`${folder}: found ${parts} shards`);
    add(
      name,
      `transformers -> ours, ${file.dtype}, ${parts} file${parts > 1 ? 's' : ''}`,
      await compare(reference, folder, await loadCheckpoint(folder)),
    );
  }
} finally {
  reference.close();
  await rm(work, { recursive: true, force: true });
}

const same = (yes) => (yes ? 'same' : 'DIFFERENT');
console.log(
  table(
    ['model', 'direction', 'logits, relative error', 'prompt ids', 'greedy text (tokens)'],
    rows.map(({ name, direction, error, sameIds, sameGreedy, length }) => [
      name,
      direction,
      error.toExponential(1),
      same(sameIds),
      `${same(sameGreedy)} (${length})`,
    ]),
  ),
);
const missed = rows.filter((row) => !(row.error < TOLERANCE && row.sameIds && row.sameGreedy));
if (missed.length > 0) {
  console.error(`${missed.length} of ${rows.length} comparisons missed (tolerance ${TOLERANCE})`);
  process.exitCode = 1;
}
