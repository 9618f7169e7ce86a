/** Fitting a model on examples, resumable. */
export { type CurvePoint, fit, forgetState } from './fit.js';
