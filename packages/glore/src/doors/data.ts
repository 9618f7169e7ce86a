/**
 * The method's data: samples and rollouts of a student, step labels, the training sets, and exports of a run's data; and the
 * two loops in which data and training take turns, Expert Iteration and the SORM that doubts labels.
 *
 * @packageDocumentation
 */
export {
  correctRecords,
  doubtedLabels,
  type GlobalRecord,
  globalRecords,
  type LocalRecord,
  localRecords,
  type OrmBalance,
  ormRecords,
  type RewardRecord,
  type StudentRecord,
  sormRecords,
} from '../dataset/index.js';
export {
  type Exported,
  type ExportOptions,
  exportRun,
  exportSets,
  type FormatName,
} from '../export/index.js';
export {
  balance,
  chooseSamples,
  type LabelledSample,
  type LabelTransforms,
  labelSamples,
  propagate,
  usesPrefix,
  verifies,
  verify,
} from '../label/index.js';
export {
  type AdaptiveOptions,
  adaptiveRollouts,
  byProblem,
  isRight,
  learnedFrom,
  type PrefixRollouts,
  type RolloutItem,
  type RolloutOptions,
  type RolloutRecord,
  rolloutsFrom,
  type Sample,
  type SampleOptions,
  sampleKey,
  sampleSolutions,
  type Trace,
} from '../rollout/index.js';
export { expertIteration, type RoundWork, type SormWork, trainSorm } from '../train/index.js';
