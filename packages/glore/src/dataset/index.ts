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
  byProblem,
  distinct,
  type OrmBalance,
  ormRecords,
  sampleKey,
  sormRecords,
} from './reward.js';
