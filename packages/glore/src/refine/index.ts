export {
  type Candidate,
  type Decision,
  finalScore,
  locate,
  type Models,
  type RefineEvent,
  type RefineOptions,
  refine,
  type Source,
} from './refine.js';
export { chosen, type RoundsOptions, refineInRounds } from './rounds.js';
export { firstErrorOf } from './where.js';
