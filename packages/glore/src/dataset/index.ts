export { chooseRecords } from './choose.js';
export {
  globalExample,
  type LossMask,
  localExample,
  maskReport,
  rewardExample,
  studentExample,
} from './examples.js';
export { expectedExample, withReplacedDigits } from './expected.js';
export {
  type GlobalRecord,
  type LocalRecord,
  type RewardRecord,
  type SetRecords,
  type StudentRecord,
  setShapes,
} from './records.js';
export { distance, globalRecords, localRecords } from './refinement.js';
export {
  doubtedLabels,
  type OrmBalance,
  ormRecords,
  sormRecords,
  withLabels,
} from './reward.js';
export {
  type CompletionRow,
  globalRow,
  labelledLines,
  linesOf,
  localRow,
  type StepwiseRow,
  stepwiseRow,
  stepwiseRows,
  studentRow,
} from './rows.js';
export { correctRecords, questionsOf, workedRecords } from './student.js';
