export { type Example, nextTokenExample } from './batch.js';
export { type StepReport, Trainer, type TrainerOptions, type TrainerState } from './trainer.js';
