export { balance } from './balance.js';
export { usesPrefix } from './consistency.js';
export { flipOf, type LabelledSample, propagate, verifies, verify } from './label.js';
