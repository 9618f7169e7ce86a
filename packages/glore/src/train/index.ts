export { type BaseMixture, baseBatch } from './base.js';
export { type CurvePoint, type FitOptions, fit, forgetState } from './fit.js';
