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

export const configs = {
  plain,
  'grouped queries': { ...plain, kvHeads: 2 },
  'one key-value head': { ...plain, kvHeads: 1 },
  'tied embeddings': { ...plain, tieEmbeddings: true },
  'rope theta 500000': { ...plain, ropeTheta: 500_000 },
  'wide heads, epsilon 1e-6': { ...plain, kvHeads: 2, headSize: 32, normEpsilon: 1e-6 },
};

/** Tokens without a pattern, the same at every call. */
export const tokensOf = (length, vocabSize, seed) =>
  Array.from({ length }, (_, i) => (seed * 7919 + i * i * 31 + i * 17) % vocabSize);
