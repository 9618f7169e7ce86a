/** Real things to mutate: a finished run, a small checkpoint, problems. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildTokenizer, initialWeights, openTokenizer, saveCheckpoint } from '@glore/engine';
import { difficulty, generateProblems, toGsm8k } from '../packages/glore/dist/doors/problems.js';

const root = resolve(import.meta.dirname, '..');
export const base = join(root, 'checkpoints/base');
export const glore = join(root, 'packages/glore/bin/glore.js');

/** The smallest recipe whose every stage has something to do. */
const recipe = {
  seed: 3,
  workers: 1,
  base,
  problems: {
    source: 'world',
    settings: {
      steps: [2, 3],
      maxValue: 99,
      operands: [3, 49],
      factors: [2, 5],
      operations: { gain: 4, lose: 4, times: 1, share: 1 },
      named: 0.2,
      distractors: 0.2,
    },
    dev: 6,
    test: 6,
  },
  maxTokens: 60,
  student: {
    sft: { problems: 8, epochs: 1, batch: 8, rate: 1e-3 },
    expertIteration: {
      ...{ rounds: 1, problems: 8, samples: 1, temperature: 1 },
      ...{ epochs: 1, batch: 8, rate: 1e-3 },
    },
  },
  drafts: { problems: 24, samples: 3, temperature: 1 },
  rollouts: { samples: 6, count: 2, temperature: 1 },
  labels: { propagation: true, consistency: true, balance: true },
  localPairs: 2,
  training: {
    orm: { start: 'sorm', candidates: 4, epochs: 1, batch: 8, rate: 1e-3, examples: 16 },
    sorm: { epochs: 1, batch: 8, rate: 1e-3, examples: 16 },
    global: { epochs: 1, batch: 8, rate: 1e-3, plain: 0.25, examples: 8 },
    local: { epochs: 1, batch: 8, rate: 1e-3, plain: 0.25, examples: 8 },
  },
  evaluation: { samples: 3, temperature: 1 },
};

/** The folder of a finished run; it takes some seconds to make and is kept as long as the program is the same. */
export function finishedRun() {
  const name = createHash('sha256')
    .update(JSON.stringify(recipe))
    .update(readFileSync(join(root, 'packages/glore/dist/.tsbuildinfo')))
    .update(readFileSync(join(root, 'packages/engine/dist/.tsbuildinfo')))
    .digest('hex')
    .slice(0, 16);
  const cache = join(root, 'node_modules/.cache/glore-fuzz');
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const file = join(cache, 'recipe.yaml');
  writeFileSync(file, JSON.stringify(recipe));
  execFileSync(process.execPath, [glore, 'run', file, '--run', `${folder}.making`], {
    stdio: 'ignore',
  });
  renameSync(`${folder}.making`, folder);
  return folder;
}

/** A checkpoint folder of a few kilobytes. */
export async function smallCheckpoint(folder) {
  const tokenizer = buildTokenizer({
    texts: ['Fay has 3 apples.'],
    special: ['<|pad|>', '<|bos|>', '<|eos|>'],
  });
  const config = {
    vocabSize: openTokenizer(tokenizer).size,
    hiddenSize: 8,
    intermediateSize: 8,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    headSize: 8,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    maxPositions: 64,
    tieEmbeddings: true,
    bosToken: 1,
    eosToken: 2,
    padToken: 0,
  };
  await saveCheckpoint(folder, { config, weights: initialWeights(config, 1), tokenizer });
  return config;
}

/** Problems of the built-in world, as they are and as GSM8K has them. */
export function someProblems(count = 6) {
  const problems = generateProblems({
    split: 'train',
    count,
    seed: 8,
    settings: { ...difficulty(0.2), steps: [2, 3] },
  });
  return {
    problems,
    gsm8k: problems.map((problem) => JSON.parse(JSON.stringify(toGsm8k(problem)))),
  };
}
