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
export { type Recipe, readRecipe } from './recipe.js';
export type { Report } from './report.js';
export {
  readReport,
  readRun,
  runPipeline,
  runShardOf,
  type StageName,
  shardedStages,
  stageNames,
} from './run.js';
