export { type BaseRecipe, readBaseRecipe, trainBase } from './base.js';
export {
  chunks,
  inRoles,
  type RoleName,
  type Run,
  readRole,
  roles,
  withModels,
} from './context.js';
export {
  examine,
  examineUrl,
  goldenTolerance,
  type Health,
  type RoleHealth,
  readGolden,
  writeGolden,
} from './doctor.js';
export { type Exported, type ExportOptions, exportRun, exportSets } from './export.js';
export { readReport, readRun } from './finished.js';
export { type Plan, planRun } from './plan.js';
export { parseRecipe, type Recipe, readRecipe, readRecipeWith } from './recipe.js';
export { evaluationIn, type Report } from './report.js';
export { type RunSource, runPipeline, runShardOf } from './run.js';
export { Source } from './source.js';
export type { LabelSummary } from './stages/index.js';
export { type StageName, shardedStages, stageNames } from './table.js';
