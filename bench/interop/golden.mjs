/**
 * Writes the golden vectors: what transformers computes from tiny models whose weights follow from a seed, so that
 * the engine's tests can compare themselves with it without Python. Needs GLORE_PYTHON.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configToJson, saveAdapter, writeSafetensors } from '@glore/engine';
import { strongAdapter, strongWeights } from '../../packages/engine/dist/golden/index.js';
import { python, startPython } from '../python.mjs';
import { tokensOf } from './configs.mjs';

const target = new URL('../../packages/engine/src/golden/llama.golden.json', import.meta.url);
const adapterTarget = new URL('adapter.golden.json', target);
const plain = {
  vocabSize: 61,
  hiddenSize: 48,
  intermediateSize: 80,
  layers: 2,
  heads: 4,
  kvHeads: 4,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 48,
  tieEmbeddings: false,
};
const small = { ...plain, vocabSize: 29, hiddenSize: 32, kvHeads: 2, headSize: 8, layers: 1 };
const configs = {
  plain,
  'grouped queries, rope theta 500000': { ...plain, kvHeads: 2, ropeTheta: 500_000 },
  'one key-value head, tied': { ...plain, kvHeads: 1, tieEmbeddings: true },
  'all biases': { ...small, attentionBias: 'qkvo', mlpBias: true },
  Qwen2: { ...small, attentionBias: 'qkv' },
  'Qwen3, tied': { ...small, headNorms: true, tieEmbeddings: true },
  'linear scaling': { ...small, ropeScaling: { type: 'linear', factor: 4 } },
  'dynamic scaling': { ...small, maxPositions: 16, ropeScaling: { type: 'dynamic', factor: 4 } },
  yarn: {
    ...small,
    ropeScaling: {
      type: 'yarn',
      factor: 4,
      originalPositions: 12,
      attentionFactor: 0.1 * Math.log(4) + 1,
      betaFast: 32,
      betaSlow: 1,
      truncate: true,
    },
  },
  longrope: {
    ...small,
    ropeScaling: {
      type: 'longrope',
      shortFactor: [1, 1, 1.1, 1.2],
      longFactor: [1, 1.5, 2, 4],
      originalPositions: 30,
      attentionFactor: 1.1,
    },
  },
  'llama3 scaling': {
    ...small,
    ropeScaling: {
      type: 'llama3',
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalPositions: 40,
    },
  },
};
const LENGTH = 24;
/** Positions whose logits are kept. */
const positions = [0, 7, 23];
const NEW = 12;

if (!python) {
  console.error('GLORE_PYTHON: expected the path of a Python with torch and transformers');
  process.exit(1);
}
const reference = startPython(new URL('reference.py', import.meta.url));
const work = await mkdtemp(join(tmpdir(), 'glore-golden-'));
try {
  const versions = await reference.call({ do: 'versions' });
  const cases = [];
  for (const [i, [name, config]] of Object.entries(configs).entries()) {
    const seed = i + 1;
    const folder = join(work, name);
    await mkdir(folder);
    await writeFile(join(folder, 'config.json'), JSON.stringify(configToJson(config)));
    await writeSafetensors(join(folder, 'model.safetensors'), strongWeights(config, seed));
    const tokens = tokensOf(LENGTH, config.vocabSize, seed);
    const found = await reference.call({ do: 'compute', folder, tokens: [tokens], new: NEW });
    const row = (position) =>
      found.logits[0].slice(position * config.vocabSize, (position + 1) * config.vocabSize);
    cases.push({
      name,
      config,
      seed,
      tokens,
      logits: positions.map((position) => ({
        position,
        values: row(position).map((value) => Number(value.toPrecision(7))),
      })),
      greedy: found.greedy,
    });
  }
  await writeFile(target, `${JSON.stringify({ ...versions, cases })}\n`);

  // An adapter, by PEFT.
  const config = { ...small, attentionBias: 'qkv' };
  const shape = { rank: 3, alpha: 6, modules: ['q_proj', 'k_proj', 'o_proj', 'down_proj'] };
  const seed = 9;
  const adapter = join(work, 'adapter');
  await saveAdapter(adapter, strongAdapter(config, shape, seed), 'base');
  const weights = strongWeights(config, seed);
  await mkdir(join(work, 'adapted'));
  await writeFile(join(work, 'adapted', 'config.json'), JSON.stringify(configToJson(config)));
  await writeSafetensors(join(work, 'adapted', 'model.safetensors'), weights);
  const tokens = tokensOf(LENGTH, config.vocabSize, seed);
  const request = { do: 'compute adapted', folder: join(work, 'adapted'), adapter, tokens };
  const { logits } = await reference.call(request);
  const last = logits.slice(-config.vocabSize).map((value) => Number(value.toPrecision(7)));
  await writeFile(
    adapterTarget,
    `${JSON.stringify({ ...versions, config, shape, seed, tokens, last })}\n`,
  );
  console.log(`${target.pathname}: ${cases.length} models, transformers ${versions.transformers}`);
} finally {
  reference.close();
  await rm(work, { recursive: true, force: true });
}
