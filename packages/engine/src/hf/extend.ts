/** A model with special tokens that it lacks, for a training that gives them a meaning. */
import { normals, type Tensor } from '../llama/index.js';
import { addSpecialTokens } from './build.js';
import type { Checkpoint } from './checkpoint.js';
import { openTokenizer } from './tokenizer.js';

/**
 * The checkpoint with these special tokens in its tokenizer, and rows for those that it lacked: normal numbers with the
 * deviation of the table's others, from a seed. Where `heirs` names a token of the model for one, that takes over its row,
 * and the model's own gets a fresh one: so what has learned to end a text ends it with the new token, and no other. The
 * checkpoint itself where it has them all.
 */
export function withSpecialTokens(
  checkpoint: Checkpoint,
  special: readonly string[],
  seed: number,
  heirs: Readonly<Record<string, number | undefined>> = {},
): Checkpoint {
  const tokenizer = addSpecialTokens(checkpoint.tokenizer, special);
  if (tokenizer === checkpoint.tokenizer) return checkpoint;
  const { config } = checkpoint;
  const { size, id } = openTokenizer(tokenizer);
  const first = openTokenizer(checkpoint.tokenizer).size;
  const vocabSize = Math.max(config.vocabSize, size);
  const normal = normals(seed);
  const weights = new Map(checkpoint.weights);
  for (const name of ['model.embed_tokens.weight', 'lm_head.weight']) {
    const table = weights.get(name);
    // Rows that nothing has trained may be all alike, and what is alike cannot be told apart.
    if (!table) continue;
    const grown = extended(table, vocabSize, [first, size], normal);
    weights.set(name, grown);
    const row = (token: number) =>
      grown.data.subarray(token * config.hiddenSize, (token + 1) * config.hiddenSize);
    const inherited = Object.entries(heirs).flatMap(([token, from]) =>
      from === undefined || id(token) < first ? [] : [{ to: id(token), from }],
    );
    const fresh = inherited.map(({ to }) => row(to).slice());
    for (const { to, from } of inherited) row(to).set(row(from));
    for (const [i, { from }] of inherited.entries()) row(from).set(fresh[i]!);
  }
  return { config: { ...config, vocabSize }, weights, tokenizer };
}

/** A table [V, d] of `rows` rows, those from `first` to `end` drawn anew. */
function extended(
  { shape, data }: Tensor,
  rows: number,
  [first, end]: readonly [number, number],
  normal: () => number,
): Tensor {
  const width = shape[1]!;
  const grown = new Float32Array(rows * width);
  grown.set(data);
  let [sum, squares] = [0, 0];
  for (const value of data) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / data.length;
  const deviation = Math.sqrt(squares / data.length - mean * mean);
  for (let i = first * width; i < end * width; i++) grown[i] = deviation * normal();
  return { shape: [rows, width], data: grown };
}
