export { type BaseRecipe, readBaseRecipe, trainBase } from './base.js';
export { inRoles, type Run, roles, withModels } from './context.js';
export {
  examine,
  examineUrl,
  goldenTolerance,
  type Health,
  type RoleHealth,
  readGolden,
  writeGolden,
} from './doctor.js';
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
