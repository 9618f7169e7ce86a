/** The shapes of SmolLM2, its vocabulary too. */
const smol = {
  vocabSize: 49_152,
  headSize: 64,
  ropeTheta: 100_000,
  normEpsilon: 1e-5,
  maxPositions: 8192,
  tieEmbeddings: true,
};

export const smolSizes = {
  '135M': { ...smol, hiddenSize: 576, intermediateSize: 1536, layers: 30, heads: 9, kvHeads: 3 },
  '360M': { ...smol, hiddenSize: 960, intermediateSize: 2560, layers: 32, heads: 15, kvHeads: 5 },
};
