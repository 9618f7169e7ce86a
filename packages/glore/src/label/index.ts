export { balance } from './balance.js';
export { usesPrefix } from './consistency.js';
export { flipOf, type LabelledSample, propagate, verify } from './label.js';
