export {
  type Attempt,
  attempt,
  firstErrorOfTruth,
  type ProblemAttempts,
  type ProblemRefinements,
  prefixTruth,
  refinements,
} from './attempt.js';
export { meaningOf, renderChart } from './chart.js';
export { type Located, type LocateReport, locate, locateReport } from './locate.js';
export type { Outcomes } from './outcomes.js';
export { type Columns, type FigureOf, type Pooled, resampled } from './pooled.js';
export {
  type EvaluationReport,
  evaluate,
  fitGate,
  fitThresholds,
  type Speeds,
  type Thresholds,
} from './report.js';
export { mcnemar, wilson } from './statistics.js';
export { type Align, interval, percent, renderMarkdownTable, renderTable } from './table.js';
