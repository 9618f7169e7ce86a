/**
 * Runs: recipes, the pipeline from problems to the report, who is shown how far it is, and the ways to answer that a
 * report has rows for: `evaluationIn(folder, { ways: [...standardWays, mine] })`.
 *
 * @packageDocumentation
 */
export {
  type Answer,
  type Attempt,
  type Curve,
  type EvaluateOptions,
  type EvaluationReport,
  evaluate,
  type Group,
  meaningOf,
  type Outcome,
  type Outcomes,
  type ProblemAttempts,
  type ProblemRecords,
  type ProblemRefinements,
  type Setting,
  type Speeds,
  standardWays,
  type Thresholds,
  type Way,
} from '../evaluate/index.js';
export {
  type EarlierRun,
  evaluationIn,
  type LabelSummary,
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
