/** The stages of a run, on a folder; and runs that are done. */
export {
  chunks,
  openModels,
  openRunFolder,
  pathIn,
  type Run,
  readProblems,
  readRole,
  rolesOf,
  unitsOf,
  withModels,
} from './context.js';
export { openUnfinishedRun, readReport, readRun } from './finished.js';
export { type OpenRun, type OpenRunOptions, openRun } from './open.js';
export { type Plan, planRun } from './plan.js';
export { evaluationIn, type Report } from './report.js';
export { type EarlierRun, type RunOptions, runPipeline, runShardOf } from './run.js';
export {
  type LabelSummary,
  ormSet,
  problemsIn,
  readSet,
  studentRecords,
} from './stages/index.js';
export { type StageName, shardedStages, stageNames } from './table.js';
