export { type AdaptiveOptions, adaptiveRollouts } from './adaptive.js';
export {
  alsoRollouts,
  type PrefixRollouts,
  type RolloutItem,
  type RolloutOptions,
  type RolloutRecord,
  rolloutShape,
  rolloutsFrom,
  type Trace,
} from './rollout.js';
export {
  answered,
  byKey,
  byProblem,
  isRight,
  judged,
  learnedFrom,
  type Sample,
  type SampleOptions,
  sampleKey,
  sampleShape,
  sampleSolutions,
  seedOf,
} from './sample.js';
