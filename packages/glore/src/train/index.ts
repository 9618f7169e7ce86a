/** How the models of a run learn: Expert Iteration, the SORM that doubts labels, and fitting on examples, resumable. */
export { expertIteration, type RoundWork } from './expert-iteration.js';
export { type CurvePoint, fit, forgetState, readCurve, tokensLearned } from './fit.js';
export {
  type Batches,
  batches,
  type GroupedExample,
  grouped,
  holdOutExamples,
  scheduleOf,
} from './order.js';
export { type SormWork, trainSorm } from './sorm.js';
