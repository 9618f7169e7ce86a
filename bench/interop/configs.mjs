/** The models that are compared, one for each way in which Llamas differ, and their tokenizer. */
import { buildTokenizer, openTokenizer } from '@glore/engine';

/** A prompt; some of its words are in the vocabulary, the others are spelt in bytes. */
export const text = 'Ann has 12 apples.\nShe buys 30 more: how many?';

export const tokenizer = buildTokenizer({
  texts: ['Ann has 12 apples. She has 12 + 30 = 42 apples. #### 42'],
  special: ['<|bos|>', '<|eos|>', '<|pad|>'],
});

const plain = {
  vocabSize: openTokenizer(tokenizer).size,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 3,
  heads: 4,
  kvHeads: 4,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 128,
  tieEmbeddings: false,
  bosToken: 0,
  eosToken: 1,
  padToken: 2,
};

const yarn = {
  type: 'yarn',
  factor: 4,
  originalPositions: 32,
  attentionFactor: 0.1 * Math.log(4) + 1,
  betaFast: 32,
  betaSlow: 1,
  truncate: true,
};
const factors = (count, slope) => Array.from({ length: count }, (_, i) => 1 + (slope * i) / 4);
const longrope = {
  type: 'longrope',
  shortFactor: factors(8, 1),
  longFactor: factors(8, 3),
  originalPositions: 64,
  attentionFactor: Math.sqrt(1 + Math.log(2) / Math.log(64)),
};
const llama3 = {
  type: 'llama3',
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalPositions: 32,
};

export const configs = {
  plain,
  'grouped queries': { ...plain, kvHeads: 2 },
  'one key-value head': { ...plain, kvHeads: 1 },
  'tied embeddings': { ...plain, tieEmbeddings: true },
  'rope theta 500000': { ...plain, ropeTheta: 500_000 },
  'wide heads, epsilon 1e-6': { ...plain, kvHeads: 2, headSize: 32, normEpsilon: 1e-6 },
  'narrow heads': { ...plain, headSize: 8 },
  'biases after attention': { ...plain, mlpBias: true },
  'all biases': { ...plain, attentionBias: 'qkvo', mlpBias: true },
  'Qwen2: biases': { ...plain, kvHeads: 2, attentionBias: 'qkv' },
  'Qwen2, tied': { ...plain, kvHeads: 2, attentionBias: 'qkv', tieEmbeddings: true },
  'Qwen3: head norms': { ...plain, kvHeads: 2, headSize: 32, headNorms: true },
  'Qwen3, biases, tied': {
    ...plain,
    kvHeads: 1,
    headNorms: true,
    attentionBias: 'qkvo',
    tieEmbeddings: true,
  },
  'linear scaling': { ...plain, ropeScaling: { type: 'linear', factor: 4 } },
  'dynamic scaling': { ...plain, maxPositions: 40, ropeScaling: { type: 'dynamic', factor: 3 } },
  yarn: { ...plain, ropeScaling: yarn },
  'yarn, Qwen2, borders between dimensions': {
    ...plain,
    attentionBias: 'qkv',
    ropeScaling: { ...yarn, attentionFactor: 0.9, betaFast: 4, betaSlow: 0.5, truncate: false },
  },
  longrope: { ...plain, ropeScaling: longrope },
  'longrope, the prompt beyond the trained length': {
    ...plain,
    headSize: 32,
    ropeScaling: {
      ...longrope,
      originalPositions: 24,
      shortFactor: factors(16, 1),
      longFactor: factors(16, 2),
    },
  },
  'llama3 scaling': { ...plain, headSize: 32, ropeScaling: llama3 },
  'llama3 scaling, Qwen3': { ...plain, headNorms: true, ropeScaling: llama3 },
};

/** Tokens without a pattern, the same at every call. */
export const tokensOf = (length, vocabSize, seed) =>
  Array.from({ length }, (_, i) => (seed * 7919 + i * i * 31 + i * 17) % vocabSize);
