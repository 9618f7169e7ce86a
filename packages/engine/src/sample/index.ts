export type { Completion, Context, GenerateResult, GenerateTask, ScoreTask } from './decoder.js';
export { Model, type ModelOptions } from './model.js';
