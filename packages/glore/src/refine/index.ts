export {
  type Candidate,
  type Decision,
  finalScore,
  type Models,
  type RefineEvent,
  type RefineOptions,
  refine,
  type Source,
} from './refine.js';
export { firstErrorOf } from './where.js';
