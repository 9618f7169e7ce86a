export {
  type Adapter,
  type AdapterModule,
  type AdapterShape,
  adapterModules,
  adapterShapes,
  initialAdapter,
  loadAdapter,
  mergeAdapter,
  saveAdapter,
} from './adapter.js';
export {
  type Checkpoint,
  fingerprint,
  loadCheckpoint,
  loadModel,
  type ModelWeights,
  saveCheckpoint,
} from './checkpoint.js';
export { configFromJson, configToJson, type LlamaConfig } from './config.js';
export {
  fixedPositions,
  frequencies,
  positionLimit,
  type RopeScaling,
  type RopeShape,
  rotaryScale,
} from './rope.js';
export { readSafetensors, type Tensor, writeSafetensors } from './safetensors.js';
export {
  buildTokenizer,
  byteSymbols,
  openTokenizer,
  splitPattern,
  type Tokenizer,
} from './tokenizer.js';
export { deepen, initialWeights, type Weights, weightShapes } from './weights.js';
