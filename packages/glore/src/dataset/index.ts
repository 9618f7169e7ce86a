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
  StudentRecord,
} from './records.js';
export { distance, globalRecords, localRecords } from './refinement.js';
export {
  byProblem,
  doubtedLabels,
  type OrmBalance,
  ormRecords,
  sampleKey,
  sormRecords,
  withLabels,
} from './reward.js';
