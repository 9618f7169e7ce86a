/** The architecture: its shape, its weights and adapters, its positions, and the graphs that compute it. */
export {
  type Adapter,
  type AdapterModule,
  type AdapterShape,
  adapterModules,
  adapterShapes,
  checkAdapterShape,
  initialAdapter,
  mergeAdapter,
  shapeOf,
} from './adapter.js';
export { paddedAttention, TREE_BLOCKS, treeAttention } from './attending.js';
export { sequenceGraph, stepGraph } from './cached.js';
export type { LlamaConfig } from './config.js';
export { type EightEntry, type EightStore, eightLayout, inEightBits } from './eight.js';
export { forward } from './forward.js';
export { type Frozen, type FrozenAdapter, frozenValues, storeOf } from './frozen.js';
export { deepen, initialWeights, withFreshRows } from './initial.js';
export { rotaryTables, type WeightValues } from './layers.js';
export {
  adapterLayoutOf,
  checkedTensors,
  flatten,
  layoutOf,
  type ParameterEntry,
  type ParameterLayout,
  trainedEntries,
  unflatten,
} from './parameters.js';
export { blockOf, withPicked } from './picked.js';
export { normals, uniforms } from './random.js';
export {
  fixedPositions,
  frequencies,
  positionLimit,
  type RopeScaling,
  type RopeShape,
  rotaryAngles,
  rotaryScale,
} from './rope.js';
export { treeGraph } from './scored.js';
export { trainedForward } from './training.js';
export {
  eachWeight,
  type ModelWeights,
  type Tensor,
  type Weights,
  weightShapes,
} from './weights.js';
