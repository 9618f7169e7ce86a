/**
 * Runs: recipes, the pipeline from problems to the report, and who is shown how far it is.
 *
 * @packageDocumentation
 */
export {
  type EarlierRun,
  type Report,
  type RunOptions,
  readReport,
  runPipeline,
  type StageName,
  stageNames,
} from '../pipeline/index.js';
export { makeRecipe, type Recipe, type RecipeValues, readRecipe } from '../recipe/index.js';
export {
  jsonReporter,
  type Progress,
  type Reporter,
  type ReportStream,
  silentReporter,
  terminalReporter,
} from '../run/index.js';
