export { type PrefixRollouts, type RolloutRecord, rolloutsFrom, type Trace } from './rollout.js';
export { isRight, type Sample, sampleSolutions, seedOf, solutionOf } from './sample.js';
