export { attempt, laterRounds, prefixTruth, refinements } from './attempt.js';
export { cautionsOf } from './cautions.js';
export { renderChart } from './chart.js';
export { type Controlled, controls } from './controls.js';
export { harmonicMean } from './critic.js';
export {
  accuracyCurve,
  type Curve,
  curveLines,
  type RefinedPoint,
  refinedPoints,
} from './curve.js';
export { renderCurve } from './curve-chart.js';
export { fitGate, fitThresholds, type Thresholds } from './fit.js';
export { type Located, type LocateReport, locateErrors, locateReport } from './locate.js';
export { fitBudgets, pathsOf } from './paths.js';
export type { Point } from './point.js';
export { type Columns, type FigureOf, type Pooled, resampled } from './pooled.js';
export {
  type Attempt,
  type CriticName,
  checkSameProblems,
  criticNames,
  type Outcome,
  type ProblemAttempts,
  type ProblemControls,
  type ProblemRecords,
  type ProblemRefinements,
  type ProblemRounds,
  recordsOf,
  trueFirstError,
} from './records.js';
export {
  curveShape,
  type EvaluateOptions,
  type EvaluationReport,
  evaluate,
  evaluationFields,
  evaluationShape,
  type Outcomes,
  SAMPLES,
  type Speeds,
} from './report/index.js';
export {
  attemptsShape,
  controlsShape,
  refinementsShape,
  roundsShape,
  speedsShape,
  thresholdsShape,
} from './shapes.js';
export { mcnemar, sum, wilson } from './statistics.js';
export { escapeText } from './svg.js';
export {
  type Align,
  interval,
  percent,
  renderMarkdownTable,
  renderTable,
  significance,
} from './table.js';
export { answerKeys, majority } from './vote.js';
export {
  type Answer,
  type Group,
  meaningOf,
  methodFirst,
  rowName,
  type Setting,
  standardWays,
  type Way,
  wayOf,
} from './ways/index.js';
