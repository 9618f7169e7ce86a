/** Sampling and scoring within one thread: what is asked for, and the decoder that does it. */
export { Cache } from './cache.js';
export type { DecoderOptions } from './decoder.js';
export { Decoders } from './decoders.js';
export type { LogprobsWanted, TokenLogprobs } from './logprobs.js';
export { choice, uniform } from './random.js';
export type {
  Completion,
  Context,
  Drawn,
  GenerateResult,
  GenerateTask,
  ScoreTask,
} from './task.js';
