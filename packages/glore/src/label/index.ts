export { balance } from './balance.js';
export { usesPrefix } from './consistency.js';
export { type LabelledSample, propagate, verifies, verify } from './label.js';
