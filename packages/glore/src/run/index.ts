/** A run's folder: stages that read and write files, continue after a kill, and show how far they are. */
export { type AdoptOptions, adoptStage } from './adopt.js';
export { type CollectOptions, collect, type Kept } from './collect.js';
export { isWorkedOn, lockRun } from './lock.js';
export { lookAtStage, type StageLook } from './look.js';
export { isAlive, type Process, processOf, processShape } from './process.js';
export {
  formatSeconds,
  jsonReporter,
  type Progress,
  type Reporter,
  type ReportStream,
  silentReporter,
  terminalReporter,
} from './progress.js';
export { alsoInFile, type ProgressNow, readProgress } from './progress-file.js';
export { isOf, parseShard, type Shard, shardName } from './shard.js';
export {
  doneStage,
  fingerprintOf,
  readDone,
  runShard,
  runStage,
  type Spent,
  type StageContext,
  type StageOptions,
  type StageRecord,
  type TokenCounts,
} from './stage.js';
