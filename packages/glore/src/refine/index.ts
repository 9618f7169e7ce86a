export { writeCandidates } from './candidates.js';
export type { Candidate, Decision, RefineEvent, Source, Written } from './decision.js';
export { leastOf } from './least.js';
export { decisionShape } from './record.js';
export {
  type Chooser,
  finalScore,
  locate,
  REFINE_ALL,
  type RefineOptions,
  refine,
  usualSamples,
  usualTemperature,
  worth,
} from './refine.js';
export { chosen, type RoundsOptions, refineAgain, refineInRounds } from './rounds.js';
export { locateFirstError } from './where.js';
