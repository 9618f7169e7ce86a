export { balance } from './balance.js';
export { chooseSamples } from './choose.js';
export { usesPrefix } from './consistency.js';
export {
  type LabelledSample,
  type LabelTransforms,
  labelledShape,
  labelSamples,
  propagate,
  verifies,
  verify,
} from './label.js';
