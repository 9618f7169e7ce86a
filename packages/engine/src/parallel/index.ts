/** Models and trainers: sampling, scoring and training spread over worker threads. */
export type { Bits } from './held.js';
export { Model, type ModelOptions } from './model.js';
export {
  type StepReport,
  type Trained,
  Trainer,
  type TrainerOptions,
  type TrainerState,
} from './trainer.js';
