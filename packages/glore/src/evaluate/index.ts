export {
  type Attempt,
  attempt,
  laterRounds,
  type ProblemAttempts,
  type ProblemRefinements,
  type ProblemRounds,
  prefixTruth,
  refinements,
  trueFirstError,
} from './attempt.js';
export { meaningOf, renderChart } from './chart.js';
export {
  accuracyCurve,
  type Curve,
  type CurvePoint,
  fitBudgets,
  pathsOf,
  type RefinedPoint,
  refinedPoints,
} from './curve.js';
export { renderCurve } from './curve-chart.js';
export { fitGate, fitThresholds, type Thresholds } from './fit.js';
export { type Located, type LocateReport, locateErrors, locateReport } from './locate.js';
export type { Outcomes } from './outcomes.js';
export { type Columns, type FigureOf, type Pooled, resampled } from './pooled.js';
export {
  type EvaluationReport,
  evaluate,
  type Speeds,
} from './report.js';
export { mcnemar, wilson } from './statistics.js';
export {
  type Align,
  interval,
  percent,
  renderMarkdownTable,
  renderTable,
  significance,
} from './table.js';
