/** The package: what it gives to those who train, sample and score with it. */
export { EngineError } from './error.js';
export {
  openAnew,
  openToAppend,
  openToRead,
  readWhole,
  readWholeSync,
  refuseOther,
} from './files.js';
export {
  ggufMetadata,
  ggufTensors,
  type Imported,
  type ImportOptions,
  importGguf,
  loadGguf,
  saveGguf,
} from './gguf/index.js';
export {
  addSpecialTokens,
  buildTokenizer,
  byteSymbols,
  type Checkpoint,
  configFromJson,
  configToJson,
  fingerprint,
  loadAdapter,
  loadCheckpoint,
  loadModel,
  loadSpelling,
  openTokenizer,
  readSafetensors,
  saveAdapter,
  saveCheckpoint,
  splitPattern,
  type Tokenizer,
  withSpecialTokens,
  writeSafetensors,
} from './hf/index.js';
export { parseJson } from './json.js';
export {
  type Adapter,
  type AdapterModule,
  type AdapterShape,
  adapterModules,
  adapterShapes,
  deepen,
  fixedPositions,
  frequencies,
  initialAdapter,
  initialWeights,
  type LlamaConfig,
  type ModelWeights,
  mergeAdapter,
  positionLimit,
  type RopeScaling,
  type RopeShape,
  rotaryScale,
  type Tensor,
  type Weights,
  weightShapes,
  withFreshRows,
} from './llama/index.js';
export { availableProviders, type Provider, providers } from './onnx/index.js';
export { type AdamWOptions, adamWDefaults, rateAt, type Schedule } from './optimizer/index.js';
export * from './parallel/index.js';
export type {
  Completion,
  Context,
  Drawn,
  GenerateResult,
  GenerateTask,
  LogprobsWanted,
  ScoreTask,
  TokenLogprobs,
} from './sample/index.js';
export { type Example, nextTokenExample } from './train/index.js';
export { distinctPositions } from './tree/index.js';
