/**
 * Speed of the engine: training, sampling and scoring, against the machine's own matrix products measured in the
 * same run and, where GLORE_PYTHON names a Python with torch and transformers, against PyTorch. Everything is
 * measured in alternating rounds and the medians are printed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { configToJson } from '@glore/engine';
import { python, startPython } from '../python.mjs';
import { openOurs } from './ours.mjs';
import { startPeak } from './peak.mjs';
import { render } from './render.mjs';

const shared = {
  vocabSize: 338,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 256,
  tieEmbeddings: false,
};
const sizes = {
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
};
/** Positions in a training batch, whatever the sequence. */
const BATCH_POSITIONS = 4096;
const SQUARE = [1024, 1024, 1024];
const units = ['train', 'sample', 'score'];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(sizes).join() },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
const [seconds, rounds, workers] = [values.seconds, values.rounds, values.workers].map(Number);
const names = values.only.split(',');
for (const name of names) {
  if (!(name in sizes)) throw new Error(`--only: expected ${Object.keys(sizes)}, got ${name}`);
}
/** Rows that each worker samples at once. */
const rows = 256;

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

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Tokens per second of a unit repeated for `seconds`, at least once. */
async function rate(unit) {
  const start = performance.now();
  let tokens = 0;
  do tokens += await unit();
  while (performance.now() - start < 1000 * seconds);
  return (1000 * tokens) / (performance.now() - start);
}

async function measure(name, sequence, torch, peak) {
  const config = sizes[name];
  const batch = BATCH_POSITIONS / sequence;
  const small = [1024, config.hiddenSize, config.intermediateSize];
  const setting = { sequence, batch, rows, workers };
  const ours = await openOurs({ config, ...setting });
  const versions = await torch?.call({ do: 'open', config: configToJson(config), ...setting });
  const found = { square: [], small: [], ours: {}, torch: {} };
  for (const unit of units) [found.ours[unit], found.torch[unit]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    found.square.push(await peak.measure(SQUARE, seconds));
    found.small.push(await peak.measure(small, seconds));
    for (const unit of units) {
      found.ours[unit].push(await rate(ours[unit]));
      if (torch) found.torch[unit].push((await torch.call({ do: unit, seconds })).rate);
    }
  }
  await ours.close();
  const medians = (rates) => Object.fromEntries(units.map((unit) => [unit, median(rates[unit])]));
  const operations = trainingOperations(config, sequence);
  const trained = median(found.ours.train) * operations;
  return {
    model: name,
    sequence,
    batch,
    matrixParameters: matrixParameters(config),
    trainingOperationsPerToken: operations,
    tokensPerSecond: medians(found.ours),
    trainingOperationsPerSecond: trained,
    shareOfProducts: trained / median(found.square),
    products: {
      square: { shape: SQUARE, operationsPerSecond: median(found.square) },
      small: { shape: small, operationsPerSecond: median(found.small) },
    },
    ...(torch && { pytorch: { versions, tokensPerSecond: medians(found.torch) } }),
    rounds: found,
  };
}

const torch = python ? startPython(new URL('torch_side.py', import.meta.url)) : undefined;
const peak = startPeak(workers);
const results = [];
for (const name of names) {
  for (const sequence of [64, 128]) {
    if (!values.json) console.error(`measuring ${name}, sequences of ${sequence} ..`);
    results.push(await measure(name, sequence, torch, peak));
  }
}
await peak.close();
torch?.close();

const runtime = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
const report = {
  machine: {
    processor: cpus()[0].model,
    threads: availableParallelism(),
    node: process.version,
    onnxruntime: JSON.parse(readFileSync(runtime, 'utf8')).version,
  },
  setting: { workers, rows, seconds, rounds },
  results,
};
console.log(values.json ? JSON.stringify(report, null, 2) : render(report));
