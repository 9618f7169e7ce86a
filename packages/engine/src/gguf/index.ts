/** A model as one file for llama.cpp. */
export { header } from './file.js';
export { ggufMetadata, ggufTensors, saveGguf } from './save.js';
