export { type AdaptiveOptions, adaptiveRollouts } from './adaptive.js';
export {
  type PrefixRollouts,
  type RolloutItem,
  type RolloutOptions,
  type RolloutRecord,
  rolloutsFrom,
  type Trace,
} from './rollout.js';
export { isRight, type Sample, sampleSolutions, seedOf, solutionOf } from './sample.js';
