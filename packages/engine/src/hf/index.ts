/** Files of Hugging Face: model folders, adapters, configurations, tensors and tokenizers, read and written. */
export { loadAdapter, saveAdapter } from './adapter.js';
export { addSpecialTokens, buildTokenizer, byteSymbols, splitPattern } from './build.js';
export {
  type Checkpoint,
  fingerprint,
  loadCheckpoint,
  loadModel,
  loadSpelling,
  saveCheckpoint,
  saveFolder,
} from './checkpoint.js';
export { configFromJson, configToJson } from './config.js';
export { withSpecialTokens } from './extend.js';
export { bfloatToFloat32, halfTable, halvesToFloat32 } from './half.js';
export type { Json } from './json.js';
export { ropeToJson } from './rope.js';
export {
  product,
  readSafetensors,
  type TensorSource,
  writeSafetensors,
} from './safetensors.js';
export { openTokenizer, type Tokenizer } from './tokenizer.js';
export {
  addedTokenJson,
  bpeJson,
  byteLevelDecoder,
  byteLevelPreTokenizer,
  space,
} from './tokenizer-parts.js';
