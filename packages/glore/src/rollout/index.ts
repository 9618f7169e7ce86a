export { type AdaptiveOptions, adaptiveRollouts } from './adaptive.js';
export {
  type PrefixRollouts,
  type RolloutItem,
  type RolloutOptions,
  type RolloutRecord,
  rolloutsFrom,
  type Trace,
} from './rollout.js';
export {
  isRight,
  learnedFrom,
  type Sample,
  type SampleOptions,
  sampleSolutions,
  seedOf,
} from './sample.js';
