/** The stages of a run, on a folder; and runs that are done. */
export { openRunFolder, type Run } from './context.js';
export { type FinishedRun, openUnfinishedRun, readReport, readRun } from './finished.js';
export { openModels, type Read, readRole, rolesOf, type Trained, withModels } from './models.js';
export { type OpenRun, type OpenRunOptions, openFinished, openRun } from './open.js';
export { type Plan, planRun } from './plan.js';
export {
  ormSet,
  problemsIn,
  readAttempts,
  readLabelSummary,
  readLabels,
  readProblems,
  readQuestions,
  readSamples,
  readSet,
  studentRecords,
} from './records.js';
export { evaluationIn, type Report } from './report.js';
export { roomFor } from './room.js';
export { type EarlierRun, type RunOptions, runPipeline, runShardOf } from './run.js';
export { openServedRoles } from './served.js';
export { type LabelSummary, labelSummaryShape } from './stages/index.js';
export { type StageName, shardedStages, stageNames } from './table.js';
export { chunks, unitsOf } from './units.js';
