/** How a batch is dealt to workers as micro-batches, each of which is one run of a training graph. */
import { fixedPositions, type LlamaConfig, positionLimit } from '../llama/index.js';
import { distinctPositions } from '../tree/index.js';
import { checkExample, type Example } from './example.js';
import { dealtPadded, type PaddedBatch } from './padded.js';
import { dealtTrees, type TreeBatch } from './trees.js';

export type MicroBatch = PaddedBatch | TreeBatch;

/** Trees are computed where they spare at least this share of the positions: with none in common they take 5% longer. */
const WORTHWHILE = 0.08;

/**
 * As trees where sequences begin alike, and as padded sequences where they do not, or where a position's angle depends
 * on the length of its sequence.
 * @throws EngineError `example` for a sequence that the model cannot learn from
 */
export function dealt(
  examples: readonly Example[],
  config: LlamaConfig,
  workers: number,
  trees = true,
): MicroBatch[][] {
  examples.forEach((example, index) => {
    checkExample(example, index, config.vocabSize, positionLimit(config));
  });
  const sequences = examples.map(({ tokens }) => tokens);
  const positions = sequences.reduce((sum, { length }) => sum + length, 0);
  const alike =
    trees &&
    sequences.every(({ length }) => length <= fixedPositions(config)) &&
    distinctPositions(sequences) < (1 - WORTHWHILE) * positions;
  return alike ? dealtTrees(examples, workers) : dealtPadded(examples, workers);
}

/** The positions that are computed for a micro-batch. */
export const positionsIn = (work: MicroBatch): number =>
  work.kind === 'tree' ? work.tree.tokens.length : work.batch * work.time;
