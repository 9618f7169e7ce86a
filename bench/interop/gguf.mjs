/**
 * Exported models in llama.cpp: the same ids for many texts, the same greedy tokens as the engine. Needs what
 * bench/peers/package.json lists (`npm ci --prefix bench/peers`). `--write` keeps what llama.cpp gave for a small model
 * as the golden file of the engine's tests. Ends with 1 if anything differs.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ggufMetadata,
  ggufTensors,
  loadCheckpoint,
  Model,
  openTokenizer,
  saveGguf,
} from '@glore/engine';
import { header } from '../../packages/engine/dist/gguf/index.js';
import { strongWeights } from '../../packages/engine/dist/golden/index.js';
import {
  flawedAttempt,
  generateProblems,
  Random,
} from '../../packages/glore/dist/problem/index.js';
import { readRecipe } from '../../packages/glore/dist/recipe/index.js';
import { openLlama } from '../peers/llama.mjs';
import { table } from '../table.mjs';
import { configs, text, tokenizer } from './configs.mjs';
import { randomTexts } from './texts.mjs';

const NEW = 40;
const target = new URL('../../packages/engine/src/golden/gguf.golden.json', import.meta.url);
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

const llama = await openLlama();
if (!llama) {
  console.error('node-llama-cpp: expected it installed; run `npm ci --prefix bench/peers`');
  process.exit(1);
}
const work = await mkdtemp(join(tmpdir(), 'glore-gguf-'));

/** llama.cpp's ids and greedy continuations of the prompts (given as ids). */
async function inLlama(checkpoint, texts, prompts, maxTokens = NEW) {
  const path = join(work, 'model.gguf');
  await saveGguf(path, checkpoint);
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
  const ids = texts.map((one) => [...model.tokenize(one)]);
  const spelt = texts.map((_, i) => model.detokenize(ids[i]));
  const context = await model.createContext({
    contextSize: checkpoint.config.maxPositions,
    sequences: 1,
    threads: 1,
    // Half precision, the default in both, would be another computation.
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
  });
  const sequence = context.getSequence();
  const greedy = [];
  for (const prompt of prompts) {
    await sequence.clearHistory();
    const found = [];
    const options = { temperature: 0, yieldEogToken: true };
    for await (const token of sequence.evaluate(prompt, options)) {
      found.push(token);
      if (found.length === maxTokens || token === checkpoint.config.eosToken) break;
    }
    greedy.push(found);
  }
  await context.dispose();
  await model.dispose();
  return { ids, spelt, greedy };
}

async function inEngine({ config, weights }, prompts, maxTokens) {
  const model = await Model.open({ config, weights }, { workers: 1, rows: 16 });
  const { completions } = await model.generate({
    contexts: prompts.map((tokens) => ({ tokens, branches: [{ length: tokens.length, seed: 0 }] })),
    maxTokens,
    temperature: 0,
    stop: [config.eosToken],
  });
  await model.close();
  return completions.map(([{ tokens }]) => tokens);
}

/** Texts out of which llama.cpp's detokenizer takes spaces, where it writes whole texts. */
const tidied = (one) => / [?!.,']|n't/.test(one);

const lines = [];
let missed = 0;
async function compare(name, checkpoint, texts, prompts) {
  const { encode } = openTokenizer(checkpoint.tokenizer);
  const longest = Math.max(0, ...prompts.map(({ length }) => length));
  const maxTokens = Math.min(NEW, checkpoint.config.maxPositions - longest);
  const theirs = await inLlama(checkpoint, texts, prompts, maxTokens);
  const ours = await inEngine(checkpoint, prompts, maxTokens);
  const other = texts.filter((one, i) => String(encode(one)) !== String(theirs.ids[i]));
  const lost = texts.filter((one, i) => one !== theirs.spelt[i] && !tidied(one));
  const same = prompts.filter((_, i) => String(ours[i]) === String(theirs.greedy[i])).length;
  if (other.length + lost.length > 0 || same < prompts.length) missed++;
  for (const one of [...other, ...lost].slice(0, 3))
    console.error(`${name}: ${JSON.stringify(one)}`);
  lines.push([
    name,
    `${texts.length - other.length} of ${texts.length}`,
    `${texts.length - lost.length} of ${texts.length}`,
    `${same} of ${prompts.length}`,
  ]);
  return theirs;
}

try {
  // Every configuration that llama.cpp computes.
  const refused = [];
  for (const [name, config] of Object.entries(configs)) {
    const checkpoint = { config, weights: strongWeights(config, 1), tokenizer };
    try {
      ggufMetadata(checkpoint, name);
    } catch (error) {
      refused.push(`${name}: ${error.message}`);
      continue;
    }
    const prompt = openTokenizer(tokenizer)
      .encode(text)
      .slice(0, config.maxPositions - NEW - 1);
    const prompts = [prompt, prompt.slice(0, 5)].filter(({ length }) => length > 0);
    const theirs = await compare(name, checkpoint, [text], prompts);
    if (values.write && name === 'grouped queries') {
      const texts = randomTexts(openTokenizer(tokenizer), 60, 2);
      const { ids } = await inLlama(checkpoint, texts, []);
      const metadata = header(ggufMetadata(checkpoint, 'model'), ggufTensors(checkpoint));
      const golden = {
        llamaCpp: llama.llamaCppRelease.release,
        header: createHash('sha256').update(metadata).digest('hex'),
        texts: texts.map((one, i) => ({ text: one, ids: ids[i] })),
        greedy: prompts.map((tokens, i) => ({ tokens, continuation: theirs.greedy[i] })),
      };
      await writeFile(target, `${JSON.stringify(golden)}\n`);
    }
  }

  // The trained base on its own problems and solutions, right and wrong.
  const base = await loadCheckpoint(new URL('../../checkpoints/base', import.meta.url).pathname);
  const random = new Random(7);
  const recipe = new URL('../../recipes/tiny.yaml', import.meta.url).pathname;
  const { settings } = readRecipe(recipe).problems;
  const problems = generateProblems({ count: 1500, split: 'test', seed: 7, settings });
  const worldTexts = problems.flatMap((problem) => {
    const { steps, answer } = flawedAttempt(random, problem.question, 1).written;
    return [problem.question, problem.steps.join('\n'), `${steps.join('\n')}\n#### ${answer}`];
  });
  const { encode } = openTokenizer(base.tokenizer);
  const prompts = problems
    .slice(0, 12)
    .map(({ question }) => [base.config.bosToken, ...encode(`${question}\n`)]);
  await compare('base', base, worldTexts, prompts);
  await compare(
    'base, random texts',
    base,
    randomTexts(openTokenizer(base.tokenizer), 5_000, 1),
    [],
  );
  for (const one of refused) console.log(`refused: ${one}`);
} finally {
  await llama.dispose();
  await rm(work, { recursive: true, force: true });
}
console.log(`llama.cpp ${llama.llamaCppRelease.release}`);
console.log(table(['model', 'same ids', 'text back', 'same greedy tokens'], lines));
if (missed > 0) process.exitCode = 1;
