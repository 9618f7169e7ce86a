export {
  type Candidate,
  type Choice,
  type Decision,
  finalScore,
  leastOf,
  locate,
  type Models,
  type RefineEvent,
  type RefineOptions,
  refine,
  type Source,
  worth,
} from './refine.js';
export { chosen, type RoundsOptions, refineInRounds } from './rounds.js';
export { firstErrorOf } from './where.js';
