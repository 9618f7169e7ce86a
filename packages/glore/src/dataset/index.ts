export {
  globalExample,
  type LossMask,
  localExample,
  maskReport,
  rewardExample,
  studentExample,
} from './examples.js';
export type {
  GlobalRecord,
  LocalRecord,
  RewardRecord,
  SolutionRecord,
  StudentRecord,
} from './records.js';
export { distance, globalRecords, localRecords } from './refinement.js';
export {
  balancedByPrefix,
  byProblem,
  distinct,
  ormRecords,
  sampleKey,
  sormRecords,
} from './reward.js';
