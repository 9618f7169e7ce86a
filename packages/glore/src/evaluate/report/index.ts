export type { Outcomes } from './outcomes.js';
export { type EvaluateOptions, type EvaluationReport, evaluate, SAMPLES } from './report.js';
export type { Speeds } from './rows.js';
export { curveShape, evaluationFields, evaluationShape } from './shape.js';
