/** What is learned from. */
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
    targets: tokens.map((_, t) => (t + 1 < from ? -1 : (tokens[t + 1] ?? -1))),
  };
}

/** Whether a model can learn from an example of a batch. @throws EngineError `example` naming its place in the batch */
export function checkExample(
  example: Example,
  index: number,
  vocabSize: number,
  maxPositions: number,
): void {
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
}
