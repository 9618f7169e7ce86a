export { writeCandidates } from './candidates.js';
export type { Candidate, Decision, RefineEvent, Source } from './decision.js';
export { decisionShape } from './record.js';
export {
  type Chooser,
  finalScore,
  leastOf,
  locate,
  REFINE_ALL,
  type RefineOptions,
  refine,
  worth,
} from './refine.js';
export { chosen, type RoundsOptions, refineInRounds } from './rounds.js';
export { locateFirstError } from './where.js';
