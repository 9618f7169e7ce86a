export type { LogprobsWanted, TokenLogprobs } from './logprobs.js';
export { Model, type ModelOptions } from './model.js';
export type {
  Completion,
  Context,
  Drawn,
  GenerateResult,
  GenerateTask,
  ScoreTask,
} from './task.js';
