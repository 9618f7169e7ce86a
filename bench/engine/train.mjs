/**
 * Speed of the engine: training, sampling and scoring one model on the same tokens as its peers, in turns, and against
 * the machine's own matrix products measured in the same run. A model first learns a little from the built-in world, so
 * that it writes solutions as a student does; `base` is the committed checkpoint. Peers: PyTorch eager and compiled, transformers' generate,
 * a PyTorch loop with a static cache (GLORE_PYTHON names a Python with torch and transformers), llama.cpp
 * (`npm ci --prefix bench/peers`). What is absent is left out. Its own samples of problems are trained on and scored as trees
 * and as separate sequences. Medians of alternating rounds are printed. Figures are in
 * a JSON file after every round, from which a run that was interrupted goes on.
 */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  initialWeights,
  loadCheckpoint,
  openTokenizer,
  saveCheckpoint,
  saveGguf,
} from '@glore/engine';
import { readRecipe } from '../../packages/glore/dist/recipe/index.js';
import { python, startPython } from '../python.mjs';
import { openLlamaSide } from './llama_side.mjs';
import { measureMemory } from './memory.mjs';
import { openOurs, treeUnits } from './ours.mjs';
import { startPeak } from './peak.mjs';
import { render } from './render.mjs';
import { measureRollouts } from './rollouts.mjs';
import { smolSizes } from './smol.mjs';
import { learn, openText } from './text.mjs';

const root = join(import.meta.dirname, '../..');
const base = await loadCheckpoint(join(root, 'checkpoints/base'));
const recipe = readRecipe(join(root, 'recipes/tiny.yaml'));
const text = openText(openTokenizer(base.tokenizer), recipe.problems.settings);
const shared = {
  vocabSize: base.config.vocabSize,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 512,
  tieEmbeddings: false,
};
const sizes = {
  base: base.config,
  '0.8M': {
    ...shared,
    hiddenSize: 128,
    intermediateSize: 352,
    layers: 4,
    heads: 4,
    kvHeads: 2,
    headSize: 32,
  },
  '10M': {
    ...shared,
    hiddenSize: 320,
    intermediateSize: 960,
    layers: 8,
    heads: 10,
    kvHeads: 5,
    headSize: 32,
  },
  '50M': {
    ...shared,
    hiddenSize: 512,
    intermediateSize: 2176,
    layers: 12,
    heads: 16,
    kvHeads: 8,
    headSize: 32,
  },
  ...smolSizes,
};
/** What each peer is measured at. */
const peers = {
  eager: ['train', 'lora', 'score'],
  compile: ['train'],
  generate: ['sample'],
  static: ['sample'],
  'llama.cpp': ['sample'],
};
/** Positions in a training batch, whatever the sequence. */
const BATCH_POSITIONS = 4096;
/** Positions in an update of what a model learns first. */
const LEARNT_POSITIONS = 2048;
const SQUARE = [1024, 1024, 1024];
const units = ['train', 'lora', 'sample', 'score'];

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    json: { type: 'boolean', default: false },
    sizes: { type: 'string', default: 'base,0.8M,10M,50M' },
    sequences: { type: 'string', default: '64,128,512' },
    peers: { type: 'string', default: Object.keys(peers).join() },
    works: { type: 'string', default: units.join() },
    rows: { type: 'string', default: '128' },
    each: { type: 'string', default: '8' },
    more: { type: 'string', default: '64' },
    updates: { type: 'string', default: '100' },
    batch: { type: 'string', default: String(BATCH_POSITIONS) },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '30' },
    out: { type: 'string', default: 'runs/bench-engine.json' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
if (values.help) {
  console.log(`npm run bench:engine -- [options]
  --sizes ${Object.keys(sizes)}      models
  --sequences 64,128,512    tokens in a sequence; prompts are half as long
  --peers ${Object.keys(peers)}    ours alone: --peers none
  --works ${units}    what is measured; trees and memory with train
  --rows 128                rows that each worker samples and scores
  --each 8                  samples of each problem among them
  --more 64                 most tokens sampled after a prompt (half the sequence where that is less)
  --updates 100             of ${LEARNT_POSITIONS} positions before a model other than the base is measured (0: random weights)
  --batch ${BATCH_POSITIONS}              positions in a training step
  --seconds 2 --rounds 3    each measurement, and how many of each
  --minutes 30              for all together: where time runs out, models have fewer rounds, but one
  --out ${values.out}   figures so far; what it has of the same machine and settings is not measured again
  --workers ${values.workers}               threads of all
  --json                    figures of every round`);
  process.exit();
}
const number = (name) => {
  const value = Number(values[name]);
  if (value > 0 || (value === 0 && name === 'updates')) return value;
  throw new Error(`--${name}: expected a number above 0, got ${values[name]}`);
};
const listed = (name, known) => {
  const found = values[name].split(',').filter((one) => one !== 'none');
  for (const one of found) {
    if (!known.includes(one)) throw new Error(`--${name}: expected ${known}, got ${one}`);
  }
  return found;
};
const [seconds, rounds, workers, rows, each, most, updates, minutes] = [
  'seconds',
  'rounds',
  'workers',
  'rows',
  'each',
  'more',
  'updates',
  'minutes',
].map(number);
const names = listed('sizes', Object.keys(sizes));
const sequences = listed('sequences', ['16', '32', '64', '128', '256', '512']).map(Number);
const wanted = listed('peers', Object.keys(peers));
const works = listed('works', units);
const trained = works.includes('train');

/** Weights that take part in matrix products: all matrices but the embedding, which is looked up. */
function matrixParameters(c) {
  const attention = 2 * c.hiddenSize * c.headSize * (c.heads + c.kvHeads);
  const perLayer = attention + 3 * c.hiddenSize * c.intermediateSize;
  return c.layers * perLayer + c.vocabSize * c.hiddenSize;
}

/** Floating-point operations of training on one token: 6 M + 12 L H D T (Chowdhery et al. 2022, appendix B). */
function trainingOperations(config, sequence) {
  const { layers, heads, headSize } = config;
  return 6 * matrixParameters(config) + 12 * layers * heads * headSize * sequence;
}

/**
 * The least floating-point operations for one sampled token when `more` follow a prompt that `each` samples have: 2 M for
 * each position but the last, whose successor nobody asks for, with the head's weights only where tokens are drawn, and
 * 4 L H D for each pair of positions in attention. Prompts count once, and of the positions after them the share
 * `computed` that is not another sample's too.
 */
function samplingOperations(config, { prompt, more, computed }) {
  const { layers, heads, headSize, hiddenSize, vocabSize } = config;
  const head = vocabSize * hiddenSize;
  const after = computed * (more - 1);
  const products =
    2 * (prompt / each + after) * (matrixParameters(config) - head) + 2 * (1 / each + after) * head;
  const pairs = (prompt * (prompt + 1)) / 2 / each + after * (prompt + more / 2);
  return (products + 4 * layers * heads * headSize * pairs) / more;
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * Tokens per second of a unit repeated for `seconds`, at least once, after one that is not counted: while the others
 * were measured, caches and pages of this one went cold.
 */
async function rate(unit) {
  await unit();
  const start = performance.now();
  let tokens = 0;
  do tokens += await unit();
  while (performance.now() - start < 1000 * seconds);
  return (1000 * tokens) / (performance.now() - start);
}

/** The model of a size; what it learnt is kept beside the figures. */
async function modelOf(name) {
  if (name === 'base') return base;
  const kept = join(dirname(values.out), `bench-engine-${name}-${updates}`);
  const found = await loadCheckpoint(kept).catch(() => undefined);
  if (found) return found;
  const config = sizes[name];
  const checkpoint = { config, weights: initialWeights(config, 1), tokenizer: base.tokenizer };
  const note = (line) => values.json || console.error(`${name} learns: ${line}`);
  const learnt = await learn({
    checkpoint,
    text,
    updates,
    positions: LEARNT_POSITIONS,
    workers,
    note,
  });
  if (updates > 0) await saveCheckpoint(kept, learnt);
  return learnt;
}

/**
 * Rounds until all are made or `until` is passed, at least one; `keep` is given what is found after each.
 */
async function measure({ name, sequence, torch, peak, folder, until, keep }) {
  const config = sizes[name];
  const batch = Math.max(workers, Math.round(number('batch') / sequence));
  const small = [1024, config.hiddenSize, config.intermediateSize];
  const checkpoint = await modelOf(name);
  const data = {
    examples: text.windows(batch, sequence, 'dev'),
    prompts: text.prompts(workers * rows, sequence / 2, each),
    texts: text.windows(workers * rows, sequence, 'test'),
    more: Math.min(most, sequence / 2),
    workers,
  };
  const memory = trained ? await measureMemory({ checkpoint, torch, folder, ...data }) : {};
  const rollouts = trained ? await measureRollouts(checkpoint, text) : undefined;
  const ours = await openOurs({ checkpoint, rows, ...data });
  /** Rates by peer and work. */
  const sides = {};
  const missing = {};
  let versions = {};
  if (torch) {
    await saveCheckpoint(join(folder, 'model'), checkpoint);
    const inPython = wanted.filter((peer) => peer !== 'llama.cpp');
    const request = { do: 'open', folder: join(folder, 'model'), peers: inPython, works, ...data };
    const opened = await torch.call(request);
    versions = opened.versions;
    Object.assign(missing, opened.refused);
    for (const [peer, work] of opened.units) {
      sides[peer] ??= {};
      sides[peer][work] = async () => (await torch.call({ do: 'run', peer, work, seconds })).rate;
    }
  }
  if (wanted.includes('llama.cpp')) {
    const file = join(folder, 'model.gguf');
    await saveGguf(file, checkpoint);
    // In this process, whose threads and memory are measured too: open only while it samples.
    const open = () => openLlamaSide({ file, ...data });
    const llama = await open();
    if (llama) {
      await llama.close();
      versions = { ...versions, 'llama.cpp': llama.version };
      const sample = async () => {
        const side = await open();
        const found = await rate(side.sample);
        await side.close();
        return found;
      };
      sides['llama.cpp'] = { sample };
    }
  }
  const found = { square: [], small: [], ours: {}, peers: {} };
  const apart = trained ? treeUnits : [];
  for (const unit of [...works, ...apart]) found.ours[unit] = [];
  for (const [peer, own] of Object.entries(sides)) {
    found.peers[peer] = Object.fromEntries(Object.keys(own).map((work) => [work, []]));
  }
  const medians = (rates) =>
    Object.fromEntries(Object.entries(rates).map(([unit, list]) => [unit, median(list)]));
  const operations = trainingOperations(config, sequence);
  const result = (complete) => {
    const inTraining = trained ? median(found.ours.train) * operations : undefined;
    const computed = ours.computedOfSampled();
    const toSample = samplingOperations(config, {
      prompt: sequence / 2,
      more: data.more,
      computed,
    });
    return {
      model: name,
      sequence,
      complete,
      batch,
      more: data.more,
      computedOfSampled: computed,
      trees: ours.trees(),
      matrixParameters: matrixParameters(config),
      trainingOperationsPerToken: operations,
      tokensPerSecond: medians(found.ours),
      trainingOperationsPerSecond: inTraining,
      shareOfProducts: inTraining && inTraining / median(found.square),
      samplingOperationsPerToken: toSample,
      products: {
        square: { shape: SQUARE, operationsPerSecond: median(found.square) },
        small: { shape: small, operationsPerSecond: median(found.small) },
      },
      peers: Object.fromEntries(
        Object.entries(found.peers).map(([peer, rates]) => [peer, medians(rates)]),
      ),
      memory,
      rollouts,
      versions,
      missing,
      rounds: found,
    };
  };
  for (let round = 0; round < rounds; round++) {
    found.square.push(await peak.measure(SQUARE, seconds));
    found.small.push(await peak.measure(small, seconds));
    for (const unit of works) {
      found.ours[unit].push(await rate(ours[unit]));
      for (const [peer, own] of Object.entries(sides)) {
        if (own[unit]) found.peers[peer][unit].push(await own[unit]());
      }
    }
    for (const unit of apart) found.ours[unit].push(await rate(ours[unit]));
    const last = round === rounds - 1 || performance.now() > until;
    await keep(result(last));
    if (last) break;
  }
  await ours.close();
}

const usesPython = wanted.some((peer) => peer !== 'llama.cpp');
const torch =
  python && usesPython ? startPython(new URL('torch_side.py', import.meta.url)) : undefined;
const peak = startPeak(workers);
const folder = await mkdtemp(join(tmpdir(), 'glore-bench-'));
const runtime = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
const machine = {
  processor: cpus()[0].model,
  threads: availableParallelism(),
  node: process.version,
  onnxruntime: JSON.parse(readFileSync(runtime, 'utf8')).version,
};
const setting = {
  workers,
  rows,
  each,
  more: most,
  updates,
  batch: number('batch'),
  seconds,
  rounds,
  peers: wanted,
  works,
};
const report = { machine, setting, results: await measuredBefore() };

/** Complete results of an earlier run on the same machine with the same settings. */
async function measuredBefore() {
  const text = await readFile(values.out, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const before = JSON.parse(text);
  const same = (key, value) => JSON.stringify(before[key]) === JSON.stringify(value);
  if (!same('machine', machine) || !same('setting', setting)) return [];
  return before.results.filter(({ complete, trees }) => complete && trees);
}

async function write() {
  await mkdir(dirname(values.out), { recursive: true });
  await writeFile(`${values.out}.part`, JSON.stringify(report, null, 2));
  await rename(`${values.out}.part`, values.out);
}

const known = new Set(report.results.map(({ model, sequence }) => `${model} ${sequence}`));
const all = names.flatMap((name) => sequences.map((sequence) => ({ name, sequence })));
const work = all.filter(({ name, sequence }) => !known.has(`${name} ${sequence}`));
const end = performance.now() + 60_000 * minutes;
try {
  for (const [i, { name, sequence }] of work.entries()) {
    if (!values.json) console.error(`measuring ${name}, sequences of ${sequence} ..`);
    const until = performance.now() + (end - performance.now()) / (work.length - i);
    const keep = async (result) => {
      report.results = [...report.results.filter(({ complete }) => complete), result];
      await write();
    };
    await measure({ name, sequence, torch, peak, folder, until, keep });
  }
} finally {
  await peak.close();
  torch?.close();
  await rm(folder, { recursive: true, force: true });
}
console.log(values.json ? JSON.stringify(report, null, 2) : render(report));
