export { type Example, nextTokenExample } from './batch.js';
export {
  type StepReport,
  type Trained,
  Trainer,
  type TrainerOptions,
  type TrainerState,
} from './trainer.js';
