/** The method as a library: problems, codec, roles, the algorithm, and runs. */
export {
  type Codec,
  createCodec,
  parseSolution,
  renderSolution,
  type Solution,
} from './codec/index.js';
export { GloreError } from './error.js';
export {
  type Answer,
  type EvaluationReport,
  evaluate,
  fitGate,
  fitThresholds,
  meaningOf,
  type ProblemRecords,
  recordsOf,
  standardWays,
  type Way,
} from './evaluate/index.js';
export {
  GlobalRefiner,
  type LanguageModel,
  LocalRefiner,
  openEmbedded,
  RewardModel,
  type Roles,
  Student,
} from './model/index.js';
export { evaluationIn, type Report, readRun, runPipeline } from './pipeline/index.js';
export * from './problem/index.js';
export { type Recipe, readRecipe } from './recipe/index.js';
export {
  type Candidate,
  type Decision,
  type RefineOptions,
  refine,
} from './refine/index.js';
