export { writeCandidates } from './candidates.js';
export { decisionShape } from './record.js';
export {
  type Candidate,
  type Chooser,
  type Decision,
  finalScore,
  leastOf,
  locate,
  REFINE_ALL,
  type RefineEvent,
  type RefineOptions,
  refine,
  type Source,
  worth,
} from './refine.js';
export { chosen, type RoundsOptions, refineInRounds } from './rounds.js';
export { locateFirstError } from './where.js';
