/** Examples and how a batch of them is cut into micro-batches of one shape. */
import { EngineError } from '../error.js';

/**
 * One sequence to learn from: at position t the model reads tokens[t] (and all before) and should predict targets[t].
 * -1 means that nothing is learned there. Targets need not be the next token: at a reward model's step tag the target
 * is the label, while the input goes on.
 */
export interface Example {
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  /** Weight of each target in the loss, 1 where absent. */
  readonly weights?: readonly number[];
}

/** Next-token targets for `tokens`, learned from position `from` on (the first predicted token is tokens[from]). */
export function nextTokenExample(tokens: readonly number[], from: number): Example {
  return {
    tokens,
    targets: tokens.map((_, t) => (t + 1 >= from && t + 1 < tokens.length ? tokens[t + 1]! : -1)),
  };
}

/** Tensors of one run of the training graph: `batch` rows of `time` positions, of which `picked` have a target. */
export interface MicroBatch {
  readonly batch: number;
  readonly time: number;
  readonly tokens: BigInt64Array;
  /** Flat indices into rows and positions; target and weight of each. */
  readonly picked: BigInt64Array;
  readonly targets: BigInt64Array;
  readonly weights: Float32Array;
}

/** Positions in one micro-batch: small enough for activations to stay in the cache, large enough for the products. */
const POSITIONS = 1024;

/**
 * Cuts a batch into micro-batches of like lengths. Their number is a multiple of `workers` and they hold equally many
 * rows, so that the workers finish together.
 */
export function microBatches(
  examples: readonly Example[],
  vocabSize: number,
  maxPositions: number,
  workers: number,
): MicroBatch[] {
  const order = examples
    .map((example, index) => ({ example: checked(example, index, vocabSize, maxPositions), index }))
    .sort((a, b) => b.example.tokens.length - a.example.tokens.length || a.index - b.index)
    .map(({ example }) => example);
  const positions = order.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const count = Math.max(1, Math.round(positions / POSITIONS / workers)) * workers;
  const rows = Math.ceil(order.length / count);
  const made: MicroBatch[] = [];
  for (let at = 0; at < order.length; at += rows) {
    made.push(pack(order.slice(at, at + rows)));
  }
  return made;
}

/** The examples padded at their ends to the longest, which is the first. */
function pack(examples: readonly Example[]): MicroBatch {
  const time = examples[0]!.tokens.length;
  const tokens = new BigInt64Array(examples.length * time);
  const picked: bigint[] = [];
  const targets: bigint[] = [];
  const weights: number[] = [];
  examples.forEach((example, row) => {
    example.tokens.forEach((token, t) => {
      const at = row * time + t;
      tokens[at] = BigInt(token);
      const target = example.targets[t]!;
      if (target < 0) return;
      picked.push(BigInt(at));
      targets.push(BigInt(target));
      weights.push(example.weights?.[t] ?? 1);
    });
  });
  return {
    batch: examples.length,
    time,
    tokens,
    picked: BigInt64Array.from(picked),
    targets: BigInt64Array.from(targets),
    weights: Float32Array.from(weights),
  };
}

function checked(
  example: Example,
  index: number,
  vocabSize: number,
  maxPositions: number,
): Example {
  const { tokens, targets } = example;
  const at = `example ${index} of the batch`;
  if (tokens.length === 0 || tokens.length !== targets.length) {
    throw new EngineError(
      'example',
      `${at}: expected one target per token, got ${tokens.length} tokens and ${targets.length} targets`,
    );
  }
  if (tokens.length > maxPositions) {
    throw new EngineError(
      'example',
      `${at}: ${tokens.length} tokens, the model has ${maxPositions} positions; shorten it or leave it out`,
    );
  }
  for (const id of tokens) {
    if (!(id >= 0 && id < vocabSize))
      throw new EngineError(
        'example',
        `${at}: token ${id} is outside the vocabulary of ${vocabSize}`,
      );
  }
  return example;
}
