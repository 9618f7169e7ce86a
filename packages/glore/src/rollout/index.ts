export { type AdaptiveOptions, adaptiveRollouts } from './adaptive.js';
export {
  alsoRollouts,
  type PrefixRollouts,
  type RolloutItem,
  type RolloutOptions,
  type RolloutRecord,
  rolloutsFrom,
  type Trace,
} from './rollout.js';
export {
  byProblem,
  isRight,
  judged,
  learnedFrom,
  type Sample,
  type SampleOptions,
  sampleKey,
  sampleSolutions,
  seedOf,
} from './sample.js';
