/** Files of Hugging Face: model folders, adapters, configurations, tensors and tokenizers, read and written. */
export { loadAdapter, saveAdapter } from './adapter.js';
export {
  type Checkpoint,
  type Folder,
  fingerprint,
  loadCheckpoint,
  loadModel,
  saveCheckpoint,
  saveFolder,
} from './checkpoint.js';
export { configFromJson, configToJson } from './config.js';
export { bfloatToFloat32, halfTable, halvesToFloat32 } from './half.js';
export type { Json } from './json.js';
export { ropeToJson } from './rope.js';
export {
  readSafetensors,
  type TensorSource,
  writeSafetensors,
  writeSafetensorsFrom,
} from './safetensors.js';
export {
  buildTokenizer,
  byteSymbols,
  openTokenizer,
  splitPattern,
  type Tokenizer,
} from './tokenizer.js';
