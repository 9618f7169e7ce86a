/** Files of Hugging Face: model folders, adapters, configurations, tensors and tokenizers, read and written. */
export { loadAdapter, saveAdapter } from './adapter.js';
export {
  type Checkpoint,
  fingerprint,
  loadCheckpoint,
  loadModel,
  saveCheckpoint,
} from './checkpoint.js';
export { configFromJson, configToJson } from './config.js';
export { readSafetensors, writeSafetensors } from './safetensors.js';
export {
  buildTokenizer,
  byteSymbols,
  openTokenizer,
  splitPattern,
  type Tokenizer,
} from './tokenizer.js';
